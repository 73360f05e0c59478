#include "https/probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/descriptor.h"

namespace https {
namespace {

using std::chrono::steady_clock;

socklen_t fill(sockaddr_storage& to, const net::Address& address, std::uint16_t port) {
  const auto bytes = address.bytes();
  if (address.family() == net::Family::ipv4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&to, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  std::memcpy(&to, &v6, sizeof v6);
  return sizeof v6;
}

}  // namespace

int why_not(const net::Address& address, std::uint16_t port, steady_clock::time_point finish_by) {
  sockaddr_storage peer{};
  const auto size = fill(peer, address, port);
  const net::Descriptor socket(::socket(peer.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&peer), size) == 0) return EAGAIN;
  if (errno != EINPROGRESS) return errno;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(finish_by - steady_clock::now()).count();
  pollfd wait{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&wait, 1, static_cast<int>(std::clamp<decltype(left)>(left, 0, 1'000'000))) <= 0) {
    return ETIMEDOUT;
  }
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error == 0 ? EAGAIN : error;
}

}  // namespace https
