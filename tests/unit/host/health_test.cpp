#include "host/responses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

net::Address loopback() { return *net::Address::parse("127.0.0.1"); }

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
