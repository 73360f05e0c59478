#pragma once

// Clients without any HTTP library: what is really on the wire, and clients that misbehave.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

class RawClient {
 public:
  /// Connected to 127.0.0.1; throws when that fails.
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(port);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(reinterpret_cast<const sockaddr*>(&there), sizeof there);
  }
  /// Connected to a unix socket.
  explicit RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un there{};
    there.sun_family = AF_UNIX;
    path.copy(&there.sun_path[0], sizeof there.sun_path - 1);
    connect(reinterpret_cast<const sockaddr*>(&there), sizeof there);
  }
  RawClient(RawClient&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() {
    if (socket_ >= 0) ::close(socket_);
  }

  /// False when the other side is gone.
  bool send(std::string_view bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  void end_sending() const { ::shutdown(socket_, SHUT_WR); }

  /// Until the first byte of an answer is there, or the end.
  void await_answer() const {
    pollfd waited{socket_, POLLIN, 0};
    ::poll(&waited, 1, 20'000);
  }

  struct Received {
    std::string bytes;
    int error = 0;  ///< 0 = closed in order, ECONNRESET, or ETIMEDOUT
  };
  /// Everything until the end.
  [[nodiscard]] Received receive(std::chrono::milliseconds patience = std::chrono::seconds{20}) const {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    Received received;
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now()).count();
      pollfd waited{socket_, POLLIN, 0};
      if (left <= 0 || ::poll(&waited, 1, static_cast<int>(left)) == 0) {
        received.error = ETIMEDOUT;
        return received;
      }
      std::array<char, 4096> part{};
      const auto count = ::recv(socket_, part.data(), part.size(), 0);
      if (count < 0) received.error = errno;
      if (count <= 0) return received;
      received.bytes.append(part.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  void connect(const sockaddr* there, socklen_t length) const {
    if (socket_ < 0 || ::connect(socket_, there, length) != 0) {
      const std::string why = std::strerror(errno);
      if (socket_ >= 0) ::close(socket_);
      throw std::runtime_error("connect: " + why);
    }
  }

  int socket_;
};
