#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "net/error.h"

namespace agent {

/// Where the status server listens: a unix socket when `unix_path` is not empty, else an address and a port.
struct Endpoint {
  std::string address = "127.0.0.1";  ///< IPv4 or IPv6, without brackets
  std::uint16_t port = 16925;         ///< 0 = any free one (tests)
  std::string unix_path;

  [[nodiscard]] bool is_unix() const { return !unix_path.empty(); }
  /// As the configuration spells it: "127.0.0.1:16925", "[::1]:16925", "unix:/run/agent.sock".
  [[nodiscard]] std::string text() const;

  bool operator==(const Endpoint&) const = default;
};

/// The endpoint as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] const sockaddr* raw() const;
};

/// EINVAL when the address does not parse, ENAMETOOLONG when the path does not fit (107 bytes, unix(7)).
net::Result<SocketAddress> socket_address(const Endpoint& endpoint);

}  // namespace agent
