#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>

/// A TCP connection without any HTTP library, to see what is really on the wire.
class RawConnection {
 public:
  /// `endpoint` as http://ADDRESS:PORT; from that source address.
  explicit RawConnection(const std::string& endpoint, const char* source = "127.0.0.1",
                         std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    const auto colon = endpoint.rfind(':');
    const auto host = endpoint.substr(7, colon - 7);
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval limit{};
    limit.tv_sec = timeout.count() / 1000;
    limit.tv_usec = timeout.count() % 1000 * 1000;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);  // bounds connect() too
    const auto here = address(source, 0);
    const auto there = address(host.c_str(), std::stoi(endpoint.substr(colon + 1)));
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) {
      error = errno;
    }
  }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  ~RawConnection() { ::close(socket_); }

  void send(const std::string& text) const { (void)::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }

  /// Everything until the other side closes (`error` 0) or something goes wrong: ECONNRESET, or EAGAIN when
  /// nothing has come in time.
  std::string receive() {
    std::string all;
    std::array<char, 4096> part{};
    for (;;) {
      const auto count = ::recv(socket_, part.data(), part.size(), 0);
      if (count < 0) error = errno;
      if (count <= 0) return all;
      all.append(part.data(), static_cast<std::size_t>(count));
    }
  }

  int error = 0;

 private:
  static sockaddr_in address(const char* host, int port) {
    sockaddr_in built{};
    built.sin_family = AF_INET;
    built.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, host, &built.sin_addr);
    return built;
  }

  int socket_;
};
