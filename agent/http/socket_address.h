#pragma once

#include <sys/socket.h>

#include "net/error.h"
#include "net/listen_address.h"

namespace agent {

/// A listen address as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] const sockaddr* raw() const;
};

/// ENAMETOOLONG when the path does not fit (107 bytes, unix(7)).
net::Result<SocketAddress> socket_address(const net::ListenAddress& listen);

}  // namespace agent
