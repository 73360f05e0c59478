#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "net/descriptor.h"

/// Takes connections, says the answer to whatever it is asked, and keeps what it was asked first.
class Peer {
 public:
  /// Port 0 is one that nobody has.
  explicit Peer(std::string answer, std::uint16_t port = 0, const char* where = "127.0.0.1")
      : answer_(std::move(answer)) {
    const int again = 1;
    socket_ = net::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::inet_addr(where);
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    EXPECT_EQ(::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &again, sizeof again), 0);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  void serve() {
    thread_ = std::thread([this] {
      while (true) {
        const net::Descriptor connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (connection.get() < 0) break;
        std::string part(4096, '\0');
        const auto count = ::recv(connection.get(), part.data(), part.size(), 0);
        if (count > 0 && asked_.empty()) asked_.assign(part, 0, static_cast<std::size_t>(count));
        (void)::send(connection.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
      }
    });
  }
  ~Peer() { end(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  const std::string& asked() {
    end();
    return asked_;
  }

 private:
  /// Whoever never came is waited for no longer.
  void end() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }

  net::Descriptor socket_;
  std::string answer_;
  std::string asked_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};
