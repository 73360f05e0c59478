#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/http/server.h"
#include "agent/log/log.h"

namespace agent {

/// An HTTP endpoint of the daemon, on the daemon's loop. Another process may have its address: that costs the
/// endpoint, never the routes; it is tried again until it is free.
class Endpoint {
 public:
  // A try costs two system calls; who waits for the node to be ready asks again sooner than this only to
  // fail.
  static constexpr auto kAgain = std::chrono::seconds(5);

  /// `key` is that of the configuration, "http.listen". `changed` is called where it listens now, or first
  /// cannot.
  Endpoint(boost::asio::io_context& io, const Log& log, std::string_view key, StatusServer::Content content,
           const core::Published<core::Snapshot>& published, const Heartbeat& heartbeat,
           std::function<void()> changed);

  /// Here, and no longer anywhere else; nullopt: nowhere.
  void listen(std::optional<net::ListenAddress> where);

  /// Where it listens, with the port that the kernel has chosen for 0; nullopt: nowhere, or not yet.
  [[nodiscard]] std::optional<net::ListenAddress> address() const;
  /// Why it does not listen where it should; empty: it does.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void start();
  void start_later(const net::Error& error);

  const Log& log_;
  std::string_view key_;
  StatusServer::Content content_;
  const core::Published<core::Snapshot>& published_;
  const Heartbeat& heartbeat_;
  std::function<void()> changed_;
  std::optional<net::ListenAddress> where_;
  std::unique_ptr<StatusServer> server_;
  std::string problem_;
  boost::asio::steady_timer again_;
};

}  // namespace agent
