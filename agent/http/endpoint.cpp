#include "agent/http/endpoint.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "net/address.h"

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

std::string Endpoint::text() const {
  if (is_unix()) return "unix:" + unix_path;
  const bool brackets = address.find(':') != std::string::npos;
  return (brackets ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

const sockaddr* SocketAddress::raw() const { return reinterpret_cast<const sockaddr*>(&storage); }

net::Result<SocketAddress> socket_address(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return unix_address(endpoint.unix_path);
  const auto address = net::Address::parse(endpoint.address);
  if (!address) return net::pass_on(address);
  const auto bytes = address->bytes();
  if (address->family() == net::Family::ipv4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    return stored(v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port);
  std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  return stored(v6);
}

}  // namespace agent
