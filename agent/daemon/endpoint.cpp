#include "agent/daemon/endpoint.h"

#include <fmt/format.h>

#include <utility>

namespace agent {

Endpoint::Endpoint(boost::asio::io_context& io, const Log& log, std::string_view key,
                   StatusServer::Content content, const core::Published<core::Snapshot>& published,
                   const Heartbeat& heartbeat, std::function<void()> changed)
    : log_(log),
      key_(key),
      content_(content),
      published_(published),
      heartbeat_(heartbeat),
      changed_(std::move(changed)),
      again_(io) {}

void Endpoint::listen(std::optional<net::ListenAddress> where) {
  again_.cancel();
  server_.reset();
  problem_.clear();
  where_ = std::move(where);
  if (where_) start();
}

std::optional<net::ListenAddress> Endpoint::address() const {
  if (!server_) return std::nullopt;
  auto address = where_;
  address->port = server_->port();
  return address;
}

void Endpoint::start() {
  auto server = StatusServer::start(*where_, content_, published_, heartbeat_);
  if (!server) return start_later(server.error());
  server_ = std::move(*server);
  if (!std::exchange(problem_, {}).empty()) {
    log_.write(
        {.kind = core::EventKind::listening,
         .message = fmt::format("{} = {} is free: {} served there", key_, listen_text(*where_),
                                content_ == StatusServer::Content::all ? "status is" : "metrics are")});
  }
  changed_();
}

/// The same failure is logged once.
void Endpoint::start_later(const net::Error& error) {
  if (std::exchange(problem_, error.what) != error.what) {
    log_.write(core::warning(
        core::EventKind::not_listening,
        fmt::format(
            "{}; routes are kept all the same, {} over HTTP, and it is tried again every {} s", error.what,
            content_ == StatusServer::Content::all ? "nothing is served" : "no metrics are served there",
            kAgain.count())));
    changed_();
  }
  again_.expires_after(kAgain);
  again_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) start();
  });
}

}  // namespace agent
