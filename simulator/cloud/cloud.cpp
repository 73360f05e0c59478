#include "simulator/cloud/cloud.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "simulator/cloud/behaviour.h"
#include "simulator/cloud/connection.h"
#include "simulator/cloud/tls.h"
#include "simulator/host.h"

namespace simulator::cloud {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

class Cloud::Server {
 public:
  explicit Server(std::vector<std::string> tokens) : behaviour_(std::move(tokens)) {}

  /// Those who watch look again.
  void wake() {
    boost::asio::post(host_.io(), [this] { waiting_.wake(); });
  }

  [[nodiscard]] Host& host() { return host_; }
  Behaviour& behaviour() { return behaviour_; }
  boost::asio::ssl::context& context() { return context_; }

 private:
  Behaviour behaviour_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
  Waiting waiting_;
  Host host_{
      [this](Host::Socket socket) { serve(TlsStream(std::move(socket), context_), behaviour_, waiting_); }};
};

net::Result<std::unique_ptr<Cloud>> Cloud::start(const Options& options) {
  auto server = std::make_unique<Server>(options.tokens);
  const auto ready =
      prepare(server->context(), options.certificate_pem, options.key_pem, options.client_ca_pem);
  if (!ready) return net::pass_on(ready);
  if (const auto listening = server->host().listen(options.listen); !listening)
    return net::pass_on(listening);
  server->host().run();
  return std::unique_ptr<Cloud>(new Cloud(std::move(server)));
}

Cloud::Cloud(std::unique_ptr<Server> server) : server_(std::move(server)) {}
Cloud::~Cloud() = default;

std::string Cloud::endpoint() const { return "https://" + server_->host().address(); }

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

}  // namespace simulator::cloud
