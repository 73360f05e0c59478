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
  tell_where_it_listens();
  if (!std::exchange(not_listening_, {}).empty()) {
    log_.write({.kind = EventKind::listening,
                .message = fmt::format("http.listen = {} is free: status is served there",
                                       listen_text(config_.listen))});
    say_status(*published_.read());
  }
  if (!config_.listen.is_unix() && !config_.listen.address.is_loopback()) {
    log_.write(warning(
        EventKind::listens_outside,
        fmt::format("http.listen = {} is reachable from outside this node", listen_text(config_.listen))));
  }
}

/// For who has another configuration, or none: a container that waits for this node.
void Daemon::Loop::tell_where_it_listens() {
  auto listen = config_.listen;
  listen.port = server_->port();
  say_once(listening_file_.write(listen), listening_file_problem_);
}

/// The same trouble is told once.
void Daemon::Loop::listen_later(const net::Error& error) {
  if (std::exchange(not_listening_, error.what) != error.what) {
    log_.write(warning(EventKind::not_listening,
                       fmt::format("{}; routes are looked after all the same, nobody is answered over HTTP, "
                                   "and it is tried again every {} s",
                                   error.what, kListenAgain.count())));
    say_status(*published_.read());
  }
  listen_again_.expires_after(kListenAgain);
  listen_again_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) listen();
  });
}

}  // namespace agent
