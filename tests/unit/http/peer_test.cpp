// Whose process holds the other end of a connection: read from the kernel's tables, and asked of the kernel.
#include "agent/http/peer.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "agent/http/socket_address.h"
#include "net/descriptor.h"

namespace {

using agent::peer_of;
using agent::http::ends_text;
using agent::http::every_user_has_a_number;
using agent::http::tcp_row;

TEST(TcpRow, IsALineOfTheKernelsTable) {
  const auto row = tcp_row(
      "   1: 0100007F:421D 0100007F:9C40 01 00000000:00000000 00:00000000 00000000 65534        0 18834 1 "
      "0000000000000000 20 4 30 10 -1");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->local, "0100007F:421D");
  EXPECT_EQ(row->remote, "0100007F:9C40");
  EXPECT_EQ(row->user, 65534U);
  EXPECT_EQ(row->inode, 18834U);
  EXPECT_FALSE(row->listens);
  EXPECT_TRUE(
      tcp_row("   0: 0100007F:421D 00000000:0000 0A 0:0 0:0 0 65534 0 18834 1 0 100 0 0 10 0")->listens);
}

TEST(TcpRow, IsNoHeadingAndNoHalfALine) {
  EXPECT_FALSE(tcp_row("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"));
  EXPECT_FALSE(tcp_row(""));
  EXPECT_FALSE(tcp_row("   1: 0100007F:421D 0100007F:9C40 01 00000000:00000000 00:00000000 00000000 655"));
  EXPECT_FALSE(tcp_row("   1: 0100007F:421D 0100007F:9C40 01 0:0 0:0 0 -1 0 18834"));
}

TEST(EndsText, IsAsTheKernelPrintsIt) {
  if constexpr (std::endian::native != std::endian::little) GTEST_SKIP() << "words are printed as they lie";
  EXPECT_EQ(ends_text(std::string_view("\x7f\0\0\1", 4), 16925), "0100007F:421D");
  const std::string_view loopback("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
  EXPECT_EQ(ends_text(loopback, 80), "00000000000000000000000001000000:0050");
}

TEST(UserNamespace, HidesUsersThatItHasNoNumberFor) {
  EXPECT_TRUE(every_user_has_a_number("         0          0 4294967295\n"));
  EXPECT_TRUE(every_user_has_a_number("0 0 1000\n1000 100000 4294966295\n"));
  EXPECT_FALSE(every_user_has_a_number("         0       1000          1\n"));
  EXPECT_FALSE(every_user_has_a_number("0 1000 1\n1 100000 65536\n"));
  EXPECT_FALSE(every_user_has_a_number(""));
}

/// A listener of this very process, and a connection to it.
class Connected : public testing::Test {
 protected:
  void connect(const std::string& listen_on, const std::string& connect_to) {
    auto at = *agent::socket_address(
        {.address = net::Address::parse(listen_on).value(), .port = 0, .unix_path = ""});
    listener_ = net::Descriptor(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(listener_.get(), at.raw(), at.length), 0) << strerror(errno);
    ASSERT_EQ(::listen(listener_.get(), 1), 0);
    socklen_t size = sizeof at.storage;
    ASSERT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at.storage), &size), 0);
    sockaddr_in v4{};  // the port is in the same place in both families
    std::memcpy(&v4, &at.storage, sizeof v4);
    const auto to = *agent::socket_address(
        {.address = net::Address::parse(connect_to).value(), .port = ntohs(v4.sin_port), .unix_path = ""});
    client_ = net::Descriptor(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(client_.get(), to.raw(), to.length), 0) << strerror(errno);
    accepted_ = net::Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(accepted_);
  }

  net::Descriptor listener_;
  net::Descriptor client_;
  net::Descriptor accepted_;
};

TEST_F(Connected, IsOurselvesOverEitherFamily) {
  for (const auto& [listen_on, connect_to] :
       {std::pair{"127.0.0.1", "127.0.0.1"}, std::pair{"::1", "::1"}, std::pair{"::", "127.0.0.1"},
        std::pair{"0.0.0.0", "127.0.0.9"}}) {
    connect(listen_on, connect_to);
    const auto peer = peer_of(client_.get());
    ASSERT_TRUE(peer) << peer.error().what;
    ASSERT_TRUE(peer->user) << connect_to << ": " << peer->unknown;
    EXPECT_EQ(*peer->user, ::geteuid());
    EXPECT_NE(peer->inode, 0U);
  }
}

TEST_F(Connected, IsWhoTookTheConnectionThoughThePortIsFreeAgain) {
  connect("127.0.0.1", "127.0.0.1");
  listener_ = {};
  const auto peer = peer_of(client_.get());
  ASSERT_TRUE(peer) << peer.error().what;
  EXPECT_EQ(peer->user, ::geteuid());
}

TEST_F(Connected, IsNobodyOnceTheOtherSideHasLetGo) {
  connect("127.0.0.1", "127.0.0.1");
  accepted_ = {};  // the kernel shows what is left of it as user 0's
  const auto peer = peer_of(client_.get());
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().code.value(), ECONNRESET);
}

TEST_F(Connected, LeavesWhoListensToBeTold) {
  for (const auto& [listen_on, connect_to] :
       {std::pair{"127.0.0.1", "127.0.0.1"}, std::pair{"::1", "::1"}, std::pair{"::", "127.0.0.1"},
        std::pair{"0.0.0.0", "127.0.0.9"}}) {
    connect(listen_on, connect_to);
    sockaddr_storage to{};
    socklen_t size = sizeof to;
    ASSERT_EQ(::getpeername(client_.get(), reinterpret_cast<sockaddr*>(&to), &size), 0);
    accepted_ = {};
    const auto listener = agent::listener_on(to);
    ASSERT_TRUE(listener) << listen_on;
    EXPECT_EQ(listener->user, ::geteuid());
    EXPECT_NE(listener->inode, 0U);
    listener_ = {};
    EXPECT_FALSE(agent::listener_on(to)) << listen_on;
  }
}

TEST_F(Connected, IsNobodyBeforeAnyoneHasTakenTheConnection) {
  connect("127.0.0.1", "127.0.0.1");
  sockaddr_storage to{};
  socklen_t size = sizeof to;
  ASSERT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&to), &size), 0);
  const net::Descriptor second(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(second.get(), reinterpret_cast<const sockaddr*>(&to), size), 0);
  EXPECT_FALSE(peer_of(second.get()));
}

TEST(UnixPeer, IsTheListenersWithItsProcess) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;  // autobind: an abstract name of the kernel's choice
  const net::Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(sa_family_t)), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  socklen_t size = sizeof name;
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  const net::Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
  const auto peer = peer_of(client.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->user, ::geteuid());
  EXPECT_EQ(peer->process, ::getpid());
}

}  // namespace
