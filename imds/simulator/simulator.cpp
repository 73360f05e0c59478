#include "imds/simulator/simulator.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <mutex>
#include <thread>
#include <utility>

#include "imds/simulator/behaviour.h"
#include "imds/simulator/connection.h"
#include "imds/simulator/default_document.h"
#include "imds/simulator/listen_address.h"
#include "imds/simulator/source_rule.h"

namespace imds::simulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

}  // namespace

class Simulator::Server {
 public:
  ~Server() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  net::Result<void> listen(const std::string& text) {
    const auto wanted = parse_listen_address(text);
    if (!wanted) return net::pass_on(wanted);
    const tcp::endpoint endpoint(asio::ip::make_address(wanted->address.text()), wanted->port);
    error_code code;
    const auto step = [&code](auto&& act) {
      if (!code) act();
    };
    step([&] { acceptor_.open(endpoint.protocol(), code); });
    step([&] { acceptor_.set_option(tcp::acceptor::reuse_address(true), code); });
    step([&] { acceptor_.bind(endpoint, code); });
    step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, code); });
    if (code) return net::failure(code.value(), fmt::format("cannot listen on {}: {}", text, code.message()));
    endpoint_ = fmt::format("http://{}:{}", wanted->address.text(), acceptor_.local_endpoint().port());
    return {};
  }

  void run() {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  Behaviour& behaviour() { return behaviour_; }

  net::Result<void> set_sources(std::vector<net::Address> sources) {
    const std::lock_guard lock(mutex_);
    auto done = hear_only(acceptor_.native_handle(), sources);
    if (done) sources_ = std::move(sources);
    return done;
  }

  std::vector<net::Address> sources() {
    const std::lock_guard lock(mutex_);
    return sources_;
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const error_code& code, tcp::socket socket) {
      if (!code) {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        serve(std::move(socket), behaviour_);
      }
      accept();
    });
  }

  Behaviour behaviour_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  std::string endpoint_;
  std::mutex mutex_;
  std::vector<net::Address> sources_;
  std::thread thread_;
};

net::Result<std::unique_ptr<Simulator>> Simulator::start(const Options& options) {
  auto server = std::make_unique<Server>();
  const std::string document =
      options.document.empty() ? std::string(default_document(Form::virtual_machine)) : options.document;
  // Twice, so that there is an earlier one for the stale fault.
  for (int i = 0; i < 2; ++i) {
    if (const auto set = server->behaviour().set_document(document); !set) return net::pass_on(set);
  }
  server->behaviour().set_rate_limit(options.rate_limit);
  if (const auto listening = server->listen(options.listen); !listening) return net::pass_on(listening);
  if (const auto ruled = server->set_sources(options.sources); !ruled) return net::pass_on(ruled);
  server->run();
  return std::unique_ptr<Simulator>(new Simulator(std::move(server)));
}

Simulator::Simulator(std::unique_ptr<Server> server) : server_(std::move(server)) {}
Simulator::~Simulator() = default;

std::string Simulator::endpoint() const { return server_->endpoint(); }

net::Result<void> Simulator::set_document(std::string_view json) {
  return server_->behaviour().set_document(json);
}
std::string Simulator::document() const { return server_->behaviour().document(); }

void Simulator::set_faults(std::vector<Fault> faults) {
  server_->behaviour().set_faults(std::move(faults), std::chrono::steady_clock::now());
}
std::vector<Fault> Simulator::faults() const {
  return server_->behaviour().faults(std::chrono::steady_clock::now());
}

void Simulator::set_rate_limit(const RateLimit& limit) { server_->behaviour().set_rate_limit(limit); }
RateLimit Simulator::rate_limit() const { return server_->behaviour().rate_limit(); }

net::Result<void> Simulator::set_sources(std::vector<net::Address> sources) {
  return server_->set_sources(std::move(sources));
}
std::vector<net::Address> Simulator::sources() const { return server_->sources(); }

std::size_t Simulator::request_count() const { return server_->behaviour().record().count(); }
std::vector<Seen> Simulator::recent() const { return server_->behaviour().record().recent(); }
void Simulator::forget_requests() { server_->behaviour().record().forget(); }
bool Simulator::await_requests(std::size_t count, std::chrono::milliseconds timeout) const {
  return server_->behaviour().record().await(count, timeout);
}

}  // namespace imds::simulator
