#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "net/error.h"
#include "net/hint.h"
#include "netlink/rtnl_socket.h"

namespace netlink {

/// The kernel's notifications about links, addresses, routes, rules and forwarding settings.
class Watch {
 public:
  /// A notification costs 832 bytes of buffer: 8 MiB hold 10,000, the default 256.
  static constexpr int kReceiveBuffer = 8 << 20;

  /// What `own_port` does is kept out by a socket filter, before it is charged to the buffer.
  static net::Result<std::unique_ptr<Watch>> open(std::uint32_t own_port,
                                                  int receive_buffer = kReceiveBuffer);

  /// Readable when there are hints.
  [[nodiscard]] int descriptor() const { return socket_.descriptor(); }

  /// Appends what has happened, without ever waiting. After an overrun (ENOBUFS) a hint of that subject
  /// stands for what was lost. Stops after some thousand messages, so that a storm does not hold the caller:
  /// the descriptor stays readable then.
  net::Result<void> read(std::vector<net::Hint>& into);

 private:
  explicit Watch(Socket socket) : socket_(std::move(socket)) {}
  Socket socket_;
};

/// The hint in a notification; nullopt for what is none. Safe for any bytes of a whole message.
std::optional<net::Hint> decode_hint(const nlmsghdr& header);

}  // namespace netlink
