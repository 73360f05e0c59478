#include "agent/http/socket_address.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

namespace agent {
namespace {

// One object is seen through several sockaddr types, as the socket interface was made; memcpy keeps it
// defined.
template <class Sockaddr>
SocketAddress stored(const Sockaddr& address) {
  SocketAddress result;
  std::memcpy(&result.storage, &address, sizeof address);
  result.length = sizeof address;
  return result;
}

net::Result<SocketAddress> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return net::failure(ENAMETOOLONG, "unix:" + path + ": a socket's path has at most " +
                                          std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  std::copy(path.begin(), path.end(), &address.sun_path[0]);
  return stored(address);
}

}  // namespace

const sockaddr* SocketAddress::raw() const { return reinterpret_cast<const sockaddr*>(&storage); }

net::Result<SocketAddress> socket_address(const net::ListenAddress& listen) {
  if (listen.is_unix()) return unix_address(listen.unix_path);
  const auto bytes = listen.address.bytes();
  if (listen.address.family() == net::Family::ipv4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(listen.port);
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    return stored(v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(listen.port);
  std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  return stored(v6);
}

}  // namespace agent
