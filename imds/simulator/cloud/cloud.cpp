#include "imds/simulator/cloud/cloud.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "imds/simulator/cloud/behaviour.h"
#include "imds/simulator/cloud/connection.h"
#include "imds/simulator/cloud/tls.h"
#include "imds/simulator/listen_address.h"

namespace imds::simulator::cloud {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

}  // namespace

class Cloud::Server {
 public:
  explicit Server(std::vector<std::string> tokens) : behaviour_(std::move(tokens)) {}
  ~Server() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

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
    endpoint_ = fmt::format("https://{}:{}", wanted->address.text(), acceptor_.local_endpoint().port());
    return {};
  }

  void run() {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  /// Those who watch look again.
  void wake() {
    asio::post(io_, [this] { waiting_.wake(); });
  }

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  Behaviour& behaviour() { return behaviour_; }
  asio::ssl::context& context() { return context_; }

 private:
  void accept() {
    acceptor_.async_accept([this](const error_code& code, tcp::socket socket) {
      if (!code) {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        serve(TlsStream(std::move(socket), context_), behaviour_, waiting_);
      }
      accept();
    });
  }

  Behaviour behaviour_;
  asio::ssl::context context_{asio::ssl::context::tls_server};
  Waiting waiting_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  std::string endpoint_;
  std::thread thread_;
};

net::Result<std::unique_ptr<Cloud>> Cloud::start(const Options& options) {
  auto server = std::make_unique<Server>(options.tokens);
  const auto ready =
      prepare(server->context(), options.certificate_pem, options.key_pem, options.client_ca_pem);
  if (!ready) return net::pass_on(ready);
  if (const auto listening = server->listen(options.listen); !listening) return net::pass_on(listening);
  server->run();
  return std::unique_ptr<Cloud>(new Cloud(std::move(server)));
}

Cloud::Cloud(std::unique_ptr<Server> server) : server_(std::move(server)) {}
Cloud::~Cloud() = default;

std::string Cloud::endpoint() const { return server_->endpoint(); }

net::Result<void> Cloud::set_arm(std::string_view json) { return server_->behaviour().set_arm(json); }
std::string Cloud::arm() const { return server_->behaviour().arm(); }

net::Result<void> Cloud::set_nodes(std::string_view json) {
  auto done = server_->behaviour().set_nodes(json);
  server_->wake();
  return done;
}
std::string Cloud::nodes() const { return server_->behaviour().nodes(); }
std::uint64_t Cloud::resource_version() const { return server_->behaviour().version(); }
net::Result<void> Cloud::compact(std::uint64_t before) { return server_->behaviour().compact(before); }
void Cloud::end_watches() {
  server_->behaviour().end_watches();
  server_->wake();
}

void Cloud::set_faults(std::vector<Fault> faults) {
  server_->behaviour().set_faults(std::move(faults), Clock::now());
}
std::vector<Fault> Cloud::faults() const { return server_->behaviour().faults(Clock::now()); }

std::size_t Cloud::request_count() const { return server_->behaviour().record().count(); }
std::vector<Seen> Cloud::recent() const { return server_->behaviour().record().recent(); }
void Cloud::forget_requests() { server_->behaviour().record().forget(); }
bool Cloud::await_requests(std::size_t count, std::chrono::milliseconds timeout) const {
  return server_->behaviour().record().await(count, timeout);
}

}  // namespace imds::simulator::cloud
