// The HTTP endpoint. Another process may have its address: that costs the endpoint, never the routes.
#include <fmt/format.h>

#include <utility>

#include "agent/daemon/loop.h"

namespace agent {
namespace {

// A try costs two system calls; who waits for the node to be ready asks again sooner than this only to fail.
constexpr auto kListenAgain = std::chrono::seconds(5);

}  // namespace

void Daemon::Loop::listen() {
  listen_again_.cancel();
  auto server = StatusServer::start(config_.listen, published_, heartbeat_);
  if (!server) return listen_later(server.error());
  server_ = std::move(*server);
  auto where = config_.listen;
  where.port = server_->port();
  reporter_.listens_at(std::move(where));
  if (!std::exchange(not_listening_, {}).empty()) {
    log_.write({.kind = core::EventKind::listening,
                .message = fmt::format("http.listen = {} is free: status is served there",
                                       listen_text(config_.listen))});
    report_status();
  }
  if (!config_.listen.is_unix() && !config_.listen.address.is_loopback()) {
    log_.write(core::warning(
        core::EventKind::listens_outside,
        fmt::format("http.listen = {} is reachable from outside this node", listen_text(config_.listen))));
  }
}

/// The same failure is logged once.
void Daemon::Loop::listen_later(const net::Error& error) {
  if (std::exchange(not_listening_, error.what) != error.what) {
    log_.write(core::warning(core::EventKind::not_listening,
                             fmt::format("{}; routes are kept all the same, nothing is served over HTTP, "
                                         "and it is tried again every {} s",
                                         error.what, kListenAgain.count())));
    report_status();
  }
  listen_again_.expires_after(kListenAgain);
  listen_again_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) listen();
  });
}

}  // namespace agent
