#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "net/descriptor.h"
#include "net/error.h"
#include "net/listen_address.h"

namespace agent::http {

/// A listening, non-blocking stream socket; a unix socket's file goes with it.
class Listener {
 public:
  /// Connections that wait for accept(2); the kernel caps it at net.core.somaxconn (4096 since Linux 5.4). A
  /// burst beyond it costs its clients a SYN retry: a whole second.
  static constexpr int kBacklog = 4096;

  /// Bound and listening. Without SO_REUSEPORT: a second listener gets EADDRINUSE. A unix socket's file has
  /// mode 0660 from its first moment and replaces one without a listener; EADDRINUSE when there is one,
  /// ENOTSOCK when the path is something else. The sentence names the address and how to find who holds it.
  static net::Result<Listener> open(const net::ListenAddress& listen);

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;
  /// Removes the unix socket's file, if it is still the one that this listener made.
  ~Listener();

  [[nodiscard]] int fd() const { return socket_.get(); }
  /// The port that it is bound to; 0 for a unix socket.
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  explicit Listener(net::Descriptor socket) : socket_(std::move(socket)) {}

  net::Descriptor socket_;
  std::uint16_t port_ = 0;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace agent::http
