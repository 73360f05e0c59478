#include "host/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <thread>

#include "net/descriptor.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

net::Address loopback() { return *net::Address::parse("127.0.0.1"); }

/// Takes one connection, says the answer to whatever it is asked, and keeps what it was asked.
class Peer {
 public:
  explicit Peer(std::string answer) : answer_(std::move(answer)) {
    socket_ = net::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  void serve() {
    thread_ = std::thread([this] {
      const net::Descriptor connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::string part(4096, '\0');
      const auto count = ::recv(connection.get(), part.data(), part.size(), 0);
      if (count > 0) asked_.assign(part, 0, static_cast<std::size_t>(count));
      (void)::send(connection.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    });
  }
  ~Peer() {
    if (thread_.joinable()) thread_.join();
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  const std::string& asked() {
    thread_.join();
    return asked_;
  }

 private:
  net::Descriptor socket_;
  std::string answer_;
  std::string asked_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST(Health, IsTheStatusOfTheAnswer) {
  Peer peer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1000000\r\n\r\n");
  peer.serve();
  EXPECT_EQ(host::http_status(loopback(), peer.port(), "/readiness", steady_clock::now() + 20s).value(), 503);
  EXPECT_THAT(peer.asked(), testing::StartsWith("GET /readiness HTTP/1.1\r\nHost: 127.0.0.1:"));
}

TEST(Health, GarbageIsNoHttpAndSilenceEndsInTime) {
  Peer garbage("SSH-2.0-OpenSSH_9.2p1\r\n");
  garbage.serve();
  EXPECT_EQ(
      host::http_status(loopback(), garbage.port(), "/", steady_clock::now() + 20s).error().code.value(),
      EPROTO);
  Peer silent("");  // takes the connection, and does nothing with it
  EXPECT_EQ(
      host::http_status(loopback(), silent.port(), "/", steady_clock::now() + 50ms).error().code.value(),
      ETIMEDOUT);
}

TEST(Health, NobodyThereIsARefusal) {
  std::uint16_t port = 0;
  {
    Peer gone("");
    port = gone.port();
    EXPECT_TRUE(host::connects(loopback(), port, steady_clock::now() + 20s));
  }
  const auto refused = host::connects(loopback(), port, steady_clock::now() + 20s);
  EXPECT_EQ(refused.error().code.value(), ECONNREFUSED);
  EXPECT_NE(refused.error().what.find("127.0.0.1 port"), std::string::npos);
}

}  // namespace
