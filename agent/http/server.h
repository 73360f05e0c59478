#pragma once

#include <cstdint>
#include <memory>

#include "agent/http/heartbeat.h"
#include "core/published.h"
#include "core/snapshot.h"
#include "net/error.h"
#include "net/listen_address.h"

namespace agent {

/// The agent's HTTP front: probes, /status, /metrics and the page (router.h decides the content, this the
/// transport).
///
/// One thread with its own event loop. Every reply is rendered there from the published snapshot: no lock is
/// held, nothing is asked of the main loop. One request per connection. No client can keep another waiting:
/// nothing blocks, a connection has 5 s from accept to the end of its reply, and when there are too many
/// (connection_set.h) the oldest goes. Without connections the thread sleeps for good.
class StatusServer {
 public:
  enum class Content : std::uint8_t {
    all,
    metrics  ///< /metrics alone, under any host name: for a Prometheus on another machine
  };

  /// Bound and listening on return. Errors as of Listener::open; EMFILE and the like when there is no thread
  /// or descriptor left. `published` and `heartbeat` must outlive the server.
  static net::Result<std::unique_ptr<StatusServer>> start(const net::ListenAddress& where, Content content,
                                                          const core::Published<core::Snapshot>& published,
                                                          const Heartbeat& heartbeat);

  StatusServer(const StatusServer&) = delete;
  StatusServer& operator=(const StatusServer&) = delete;
  /// Hangs up on every client and joins the thread: at most the time of one rendering. Removes the unix
  /// socket.
  ~StatusServer();

  /// The port that it listens on; 0 for a unix socket.
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Loop;
  explicit StatusServer(std::unique_ptr<Loop> loop);

  std::unique_ptr<Loop> loop_;
};

}  // namespace agent
