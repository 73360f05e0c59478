#include "host/health.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "net/descriptor.h"

namespace host {
namespace {

using Clock = std::chrono::steady_clock;

struct SourceLocation {
  sockaddr_storage address{};
  socklen_t size = 0;
};

SourceLocation place_of(const net::Address& address, std::uint16_t port) {
  SourceLocation place;
  const auto bytes = address.bytes();
  if (address.family() == net::Family::ipv4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data(), sizeof v4.sin_addr);
    std::memcpy(&place.address, &v4, sizeof v4);
    place.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, bytes.data(), sizeof v6.sin6_addr);
    std::memcpy(&place.address, &v6, sizeof v6);
    place.size = sizeof v6;
  }
  return place;
}

/// Waits for the events; 0, or why it was in vain.
int await(int descriptor, short events, Clock::time_point finish_by) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(finish_by - Clock::now()).count();
    pollfd waiting{.fd = descriptor, .events = events, .revents = 0};
    const auto ready = ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
    if (ready > 0) return 0;
    if (ready == 0) return ETIMEDOUT;
    if (errno != EINTR) return errno;
  }
}

int finish_connecting(int descriptor, Clock::time_point finish_by) {
  if (const int error = await(descriptor, POLLOUT, finish_by); error != 0) return error;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

net::Result<net::Descriptor> connection(const net::Address& address, std::uint16_t port,
                                        Clock::time_point finish_by) {
  const auto place = place_of(address, port);
  net::Descriptor descriptor(
      ::socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  int error = descriptor ? 0 : errno;
  if (error == 0 &&
      ::connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&place.address), place.size) != 0) {
    error = errno == EINPROGRESS ? finish_connecting(descriptor.get(), finish_by) : errno;
  }
  if (error == 0) return descriptor;
  return net::failure(error, fmt::format("{} port {}: {}", address.text(), port, std::strerror(error)));
}

/// "HTTP/1.1 200 OK"; 0 for anything else.
int status_in(std::string_view answer) {
  if (!answer.starts_with("HTTP/1.")) return 0;
  const auto space = answer.find(' ');
  if (space == std::string_view::npos || answer.size() < space + 4) return 0;
  int status = 0;
  std::from_chars(answer.data() + space + 1, answer.data() + space + 4, status);
  return status;
}

}  // namespace

net::Result<void> connects(const net::Address& address, std::uint16_t port, Clock::time_point finish_by) {
  const auto made = connection(address, port, finish_by);
  if (!made) return net::pass_on(made);
  return {};
}

net::Result<int> http_status(const net::Address& address, std::uint16_t port, const std::string& path,
                             Clock::time_point finish_by) {
  const auto made = connection(address, port, finish_by);
  if (!made) return net::pass_on(made);
  const auto place = address.family() == net::Family::ipv6 ? fmt::format("[{}]:{}", address.text(), port)
                                                           : fmt::format("{}:{}", address.text(), port);
  const auto failed = [&](int error, std::string_view what) {
    return net::failure(error, fmt::format("http://{}{}: {}", place, path, what));
  };
  const auto request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: calico-azure-agent\r\nConnection: close\r\n\r\n", path,
      place);
  if (::send(made->get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return failed(errno, std::strerror(errno));
  std::string answer;
  std::array<char, 512> part{};
  while (answer.size() < 16) {
    if (const int error = await(made->get(), POLLIN, finish_by); error != 0)
      return failed(error, std::strerror(error));
    const auto count = ::recv(made->get(), part.data(), part.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(errno, std::strerror(errno));
    if (count == 0) break;
    answer.append(part.data(), static_cast<std::size_t>(count));
  }
  const int status = status_in(answer);
  if (status == 0) return failed(EPROTO, "the answer is no HTTP");
  return status;
}

}  // namespace host
