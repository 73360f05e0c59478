#include "simulator/simulator.h"

#include <mutex>
#include <utility>

#include "simulator/behaviour.h"
#include "simulator/connection.h"
#include "simulator/default_document.h"
#include "simulator/host.h"
#include "simulator/source_rule.h"

namespace simulator {
class Simulator::Server {
 public:
  [[nodiscard]] Host& host() { return host_; }
  Behaviour& behaviour() { return behaviour_; }

  net::Result<void> set_sources(std::vector<net::Address> sources) {
    const std::lock_guard lock(mutex_);
    auto done = hear_only(host_.descriptor(), sources);
    if (done) sources_ = std::move(sources);
    return done;
  }

  std::vector<net::Address> sources() {
    const std::lock_guard lock(mutex_);
    return sources_;
  }

 private:
  Behaviour behaviour_;
  std::mutex mutex_;
  std::vector<net::Address> sources_;
  Host host_{[this](Host::Socket socket) { serve(std::move(socket), behaviour_); }};
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
  if (const auto listening = server->host().listen(options.listen); !listening)
    return net::pass_on(listening);
  if (const auto ruled = server->set_sources(options.sources); !ruled) return net::pass_on(ruled);
  server->host().run();
  return std::unique_ptr<Simulator>(new Simulator(std::move(server)));
}

Simulator::Simulator(std::unique_ptr<Server> server) : server_(std::move(server)) {}
Simulator::~Simulator() = default;

std::string Simulator::endpoint() const { return "http://" + server_->host().address(); }

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

}  // namespace simulator
