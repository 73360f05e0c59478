// Where the server listens: who gets the address, and what becomes of socket files.
#include "agent/http/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/http/socket_address.h"
#include "serving.h"
#include "tests/support/folder.h"
#include "wire.h"

namespace {

using namespace std::chrono_literals;
using agent::StatusServer;
using agent::http::Listener;
using testing::AllOf;
using testing::HasSubstr;

net::ListenAddress tcp(std::string_view address, std::uint16_t port) {
  return {.address = net::Address::parse(address).value(), .port = port, .unix_path = ""};
}

TEST(Listener, ASecondOneOnTheSamePortIsRefusedAndToldHowToFindTheFirst) {
  const auto first = Listener::open(tcp("127.0.0.1", 0));
  ASSERT_TRUE(first) << first.error().what;
  ASSERT_NE(first->port(), 0);
  for (const char* address : {"127.0.0.1", "0.0.0.0"}) {
    const auto second = Listener::open(tcp(address, first->port()));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code.value(), EADDRINUSE);
    EXPECT_THAT(second.error().what,
                AllOf(HasSubstr(std::string(address) + ":" + std::to_string(first->port())),
                      HasSubstr("another calico-azure-agent"), HasSubstr("ss -tlnp")));
  }
}

TEST(Listener, ARestartBindsAtOnceThoughConnectionsLingerInTimeWait) {
  std::uint16_t port = 0;
  {
    const Serving serving;
    port = serving.where.port;
    probe(serving.where);  // the server closes first: TIME_WAIT is on its side
  }
  const auto again = Listener::open(tcp("127.0.0.1", port));
  EXPECT_TRUE(again) << again.error().what;
}

TEST(Listener, AnAddressOfNobodyIsNamed) {
  const auto listener = Listener::open(tcp("192.0.2.1", 0));
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code.value(), EADDRNOTAVAIL);
  EXPECT_THAT(listener.error().what, AllOf(HasSubstr("192.0.2.1:0"), HasSubstr("http.listen")));
}

TEST(Listener, ListensOnIpv6) {
  const core::Published<core::Snapshot> published(sample::ready_node());
  const agent::Heartbeat heartbeat;
  auto where = tcp("::1", 0);
  const auto server = StatusServer::start(where, StatusServer::Content::all, published, heartbeat);
  if (!server && server.error().code.value() == EADDRNOTAVAIL) GTEST_SKIP() << "no IPv6 here";
  ASSERT_TRUE(server) << server.error().what;
  where.port = (*server)->port();
  EXPECT_LT(probe(where), 1s);
}

class UnixSocket : public testing::Test {
 protected:
  UnixSocket() { where_ = {.address = {}, .port = 0, .unix_path = folder_ / "agent.sock"}; }

  [[nodiscard]] net::Result<std::unique_ptr<StatusServer>> start() const {
    return StatusServer::start(where_, StatusServer::Content::all, published_, heartbeat_);
  }

  test_support::Folder folder_;
  net::ListenAddress where_;
  core::Published<core::Snapshot> published_{sample::ready_node()};
  agent::Heartbeat heartbeat_;
};

TEST_F(UnixSocket, ServesHasMode0660AndGoesWithTheServer) {
  const auto mask = ::umask(0);
  auto server = start();
  ::umask(mask);
  ASSERT_TRUE(server) << server.error().what;
  EXPECT_EQ((*server)->port(), 0);
  EXPECT_LT(probe(where_), 1s);
  struct stat made {};
  ASSERT_EQ(::lstat(where_.unix_path.c_str(), &made), 0);
  EXPECT_TRUE(S_ISSOCK(made.st_mode));
  EXPECT_EQ(made.st_mode & 07777U, 0660U);
  server->reset();
  EXPECT_FALSE(std::filesystem::exists(where_.unix_path));
  EXPECT_EQ(agent::http_get(where_, "/readyz", 1s).error().code.value(), ENOENT);
}

TEST_F(UnixSocket, HasMode0660UnderAStrictUmaskToo) {
  const auto mask = ::umask(0777);
  const auto server = start();
  ::umask(mask);
  ASSERT_TRUE(server) << server.error().what;
  EXPECT_EQ(std::filesystem::status(where_.unix_path).permissions(), std::filesystem::perms{0660});
}

TEST_F(UnixSocket, ReplacesAStaleOne) {
  {
    const auto address = agent::socket_address(where_).value();
    const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(::bind(dead, address.raw(), address.length), 0);
    ::close(dead);  // as after a kill: the file stays
  }
  ASSERT_TRUE(std::filesystem::is_socket(where_.unix_path));
  const auto server = start();
  ASSERT_TRUE(server) << server.error().what;
  EXPECT_LT(probe(where_), 1s);
}

TEST_F(UnixSocket, LeavesALiveOneAlone) {
  const auto first = start();
  ASSERT_TRUE(first) << first.error().what;
  const auto second = start();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code.value(), EADDRINUSE);
  EXPECT_THAT(second.error().what, HasSubstr("unix:" + where_.unix_path));
  EXPECT_LT(probe(where_), 1s);
}

TEST_F(UnixSocket, LeavesFilesAndLinksAlone) {
  std::ofstream(where_.unix_path) << "precious";
  const auto server = start();
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code.value(), ENOTSOCK);
  EXPECT_EQ(std::filesystem::file_size(where_.unix_path), 8U);
  std::filesystem::remove(where_.unix_path);
  std::filesystem::create_symlink("elsewhere", where_.unix_path);
  EXPECT_EQ(start().error().code.value(), ENOTSOCK);
  EXPECT_TRUE(std::filesystem::is_symlink(where_.unix_path));
}

TEST_F(UnixSocket, DoesNotRemoveTheFileOfASuccessor) {
  auto first = start();
  ASSERT_TRUE(first) << first.error().what;
  std::filesystem::remove(where_.unix_path);
  const auto second = start();
  ASSERT_TRUE(second) << second.error().what;
  first->reset();
  EXPECT_LT(probe(where_), 1s);
}

TEST_F(UnixSocket, ErrorsNameThePath) {
  where_.unix_path = folder_ / "missing" / "agent.sock";
  EXPECT_EQ(start().error().code.value(), ENOENT);
  EXPECT_THAT(start().error().what, HasSubstr("missing/agent.sock"));
  where_.unix_path = folder_ / std::string(200, 'x');
  EXPECT_EQ(start().error().code.value(), ENAMETOOLONG);
}

}  // namespace
