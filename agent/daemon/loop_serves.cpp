// Who is answered over HTTP. Its address may be somebody else's: that costs the answers, never the routes.
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
    log_.write({.kind = EventKind::listening,
                .message = fmt::format("http.listen = {} is free: status is served there",
                                       listen_text(config_.listen))});
    report_status();
  }
  if (!config_.listen.is_unix() && !config_.listen.address.is_loopback()) {
    log_.write(warning(
        EventKind::listens_outside,
        fmt::format("http.listen = {} is reachable from outside this node", listen_text(config_.listen))));
  }
}

/// The same trouble is told once.
void Daemon::Loop::listen_later(const net::Error& error) {
  if (std::exchange(not_listening_, error.what) != error.what) {
    log_.write(warning(EventKind::not_listening,
                       fmt::format("{}; routes are looked after all the same, nobody is answered over HTTP, "
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
