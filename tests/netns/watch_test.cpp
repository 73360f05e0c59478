// What the real kernel notifies, and what of it reaches us.
#include "netlink/watch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "netlink/codecs.h"
#include "netlink/proc.h"
#include "netlink/watch_filter.h"
#include "tests/netns/real_kernel.h"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Subject = net::Notification::Subject;

class WatchTest : public testing::Test {
 protected:
  /// True when the descriptor becomes readable within the time.
  [[nodiscard]] bool readable(int milliseconds) const {
    pollfd waiting{.fd = watch_->descriptor(), .events = POLLIN, .revents = 0};
    return poll(&waiting, 1, milliseconds) == 1;
  }
  /// Everything that waits; rtnetlink notifies before a change returns.
  std::vector<net::Notification> read_all() {
    std::vector<net::Notification> notifications;
    while (readable(0)) must(watch_->read(notifications));
    return notifications;
  }
  /// Devices may have notifications of their own: how many are about routes.
  static std::ptrdiff_t routes_in(const std::vector<net::Notification>& notifications) {
    return std::count_if(notifications.begin(), notifications.end(),
                         [](const net::Notification& each) { return each.subject == Subject::route; });
  }
  net::Change adding(std::size_t n, std::uint8_t protocol = 169) const {
    return {.verb = net::Verb::add, .object = real_.route(net::Family::ipv4, n, protocol)};
  }

  RealKernel real_;
  std::unique_ptr<netlink::Watch> watch_ = must(netlink::Watch::open(real_.kernel->command_port()));
};

TEST_F(WatchTest, NeverWaits) {
  std::vector<net::Notification> notifications;
  must(watch_->read(notifications));
  EXPECT_THAT(notifications, IsEmpty());
  EXPECT_FALSE(readable(0));
}

/// Devices may have something of their own to say at any time; routes have not.
bool is_of_a_route(const net::Notification& notification) { return notification.subject == Subject::route; }

TEST_F(WatchTest, OurOwnChangesAreNotHints) {
  const auto adds = real_.changes(net::Verb::add, net::Family::ipv4, 100);
  ASSERT_THAT(must(real_.kernel->apply(adds)), IsEmpty());
  EXPECT_THAT(read_all(), testing::Not(testing::Contains(testing::Truly(is_of_a_route))));
  const auto removals = real_.changes(net::Verb::remove, net::Family::ipv4, 100);
  ASSERT_THAT(must(real_.kernel->apply(removals)), IsEmpty());
  EXPECT_THAT(read_all(), testing::Not(testing::Contains(testing::Truly(is_of_a_route))));
}

TEST_F(WatchTest, AnotherSocketsChangesNameItsPort) {
  const auto other = must(netlink::LinuxKernel::open());
  ASSERT_NE(other->command_port(), real_.kernel->command_port());
  const auto change = adding(0, 77);
  ASSERT_THAT(must(other->apply({&change, 1})), IsEmpty());
  const auto notifications = read_all();
  ASSERT_THAT(notifications, SizeIs(1));
  EXPECT_EQ(notifications[0].removed_by, other->command_port());
  EXPECT_EQ(notifications[0].route, std::get<net::Route>(change.object));
}

TEST_F(WatchTest, AnOverrunIsToldOnceAndADumpIsRightAfterIt) {
  watch_ = must(netlink::Watch::open(real_.kernel->command_port(), 4096));
  const auto other = must(netlink::LinuxKernel::open());
  ASSERT_THAT(must(other->apply(real_.changes(net::Verb::add, net::Family::ipv4, 2000))), IsEmpty());
  const auto notifications = read_all();
  const auto overruns =
      std::count_if(notifications.begin(), notifications.end(),
                    [](const net::Notification& each) { return each.subject == Subject::overrun; });
  EXPECT_EQ(overruns, 1);
  EXPECT_LT(notifications.size(), 200U) << "the rest was lost";
  EXPECT_GT(notifications.size(), 1U) << "what had room is still read";
  EXPECT_THAT(must(real_.kernel->routes(169)), SizeIs(2000));

  const auto change = adding(3000);
  ASSERT_THAT(must(other->apply({&change, 1})), IsEmpty());
  EXPECT_EQ(routes_in(read_all()), 1) << "and the watch goes on";
}

TEST_F(WatchTest, TheBufferHoldsTenThousandChanges) {
  if (geteuid() != 0) GTEST_SKIP() << "SO_RCVBUFFORCE needs CAP_NET_ADMIN of the machine";
  const auto other = must(netlink::LinuxKernel::open());
  ASSERT_THAT(must(other->apply(real_.changes(net::Verb::add, net::Family::ipv4, 10000))), IsEmpty());
  EXPECT_EQ(routes_in(read_all()), 10000);
}

TEST_F(WatchTest, OneReadIsBoundedAndMoreStaysReadable) {
  const auto other = must(netlink::LinuxKernel::open());
  const auto count = netlink::Watch::kMessagesPerRead + 500;
  ASSERT_THAT(must(other->apply(real_.changes(net::Verb::add, net::Family::ipv4, count))), IsEmpty());
  std::vector<net::Notification> notifications;
  must(watch_->read(notifications));
  EXPECT_GE(notifications.size(), netlink::Watch::kMessagesPerRead);
  EXPECT_LT(notifications.size(), count);
  EXPECT_TRUE(readable(0));
  must(watch_->read(notifications));
  // The devices may still have something of their own to say.
  EXPECT_EQ(std::count_if(notifications.begin(), notifications.end(),
                          [](const net::Notification& notification) {
                            return notification.route && notification.route->protocol == 169;
                          }),
            static_cast<std::ptrdiff_t>(count));
}

TEST_F(WatchTest, ForwardingSettingsAreHintsWithTheirDevice) {
  netlink::ProcSysctls sysctls;
  struct Case {
    const char* key;
    std::uint32_t device;
  };
  for (const auto& [key, device] :
       {Case{"net/ipv4/conf/eth0/forwarding", real_.eth0}, Case{"net/ipv4/conf/eth0/rp_filter", real_.eth0},
        Case{"net/ipv4/ip_forward", 0}, Case{"net/ipv6/conf/eth0/forwarding", real_.eth0},
        Case{"net/ipv6/conf/all/forwarding", 0}}) {
    read_all();
    must(sysctls.write(key, must(sysctls.read(key)) == "0" ? "1" : "0"));
    const auto notifications = read_all();
    EXPECT_TRUE(std::any_of(notifications.begin(), notifications.end(),
                            [&, wanted = device](const net::Notification& each) {
                              return each.subject == Subject::settings && each.device == wanted;
                            }))
        << key;
  }
}

TEST_F(WatchTest, LinksAndAddressesAreHintsWithTheirDevice) {
  real_.space.run("ip link set eth0 mtu 1400");
  real_.space.run("ip addr add 10.9.0.1/24 dev eth0");
  real_.space.run("ip addr add fd09::1/64 dev eth0");
  const auto notifications = read_all();
  for (const auto& [subject, least] : {std::pair(Subject::link, 1), std::pair(Subject::address, 2)}) {
    EXPECT_GE(std::count_if(notifications.begin(), notifications.end(),
                            [&, wanted = subject](const net::Notification& each) {
                              return each.subject == wanted && each.device == real_.eth0 && !each.removal;
                            }),
              least);
  }
  const auto count = must(real_.kernel->links()).size();
  real_.space.run("ip link del eth0");
  const auto after = read_all();
  EXPECT_EQ(std::count_if(
                after.begin(), after.end(),
                [&](const net::Notification& each) { return each.subject == Subject::link && each.removal; }),
            2)
      << "eth0 and its peer";
  EXPECT_EQ(must(real_.kernel->links()).size(), count - 2);
}

TEST_F(WatchTest, WhatAnotherProcessSendsIsNotBelieved) {
  sockaddr_nl watch{};
  socklen_t length = sizeof(watch);
  ASSERT_EQ(getsockname(watch_->descriptor(), reinterpret_cast<sockaddr*>(&watch), &length), 0);
  const auto forger = must(netlink::Socket::open({}));
  const auto forged = must(netlink::encode_route(net::Verb::remove, real_.route(net::Family::ipv4, 0)));
  const auto bytes = forged.bytes();
  ASSERT_EQ(sendto(forger.descriptor(), bytes.data(), bytes.size(), 0,
                   reinterpret_cast<const sockaddr*>(&watch), sizeof(watch)),
            static_cast<ssize_t>(bytes.size()));
  EXPECT_TRUE(readable(0)) << "it did arrive";
  EXPECT_THAT(read_all(), IsEmpty());
}

/// Which of another process's changes of routes are notified, by destination.
class FilterTest : public WatchTest {
 protected:
  std::vector<std::string> notified(const net::NotificationFilter& filter) {
    must(watch_->set_filter(filter));
    std::vector<net::Change> changes;
    for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
      for (const std::size_t n : {0U, 1U, 2U}) {
        changes.push_back({.verb = net::Verb::add, .object = real_.route(family, n, 77)});
      }
      auto by_default = real_.route(family, 0, 77);
      by_default.key.destination = net::Prefix::any(family);
      changes.push_back({.verb = net::Verb::add, .object = by_default});
    }
    changes.push_back({.verb = net::Verb::add, .object = real_.route(net::Family::ipv4, 3)});
    EXPECT_THAT(must(other_->apply(changes)), IsEmpty());
    std::vector<std::string> added = destinations();
    for (auto& change : changes) change.verb = net::Verb::remove;
    EXPECT_THAT(must(other_->apply(changes)), IsEmpty());
    EXPECT_EQ(destinations(), added) << "a removal is notified like an addition";
    return added;
  }
  static net::Prefix prefix(std::string_view text) { return must(net::Prefix::parse(text)); }

 private:
  std::vector<std::string> destinations() {
    std::vector<std::string> all;
    for (const auto& notification : read_all()) {
      if (notification.route) all.push_back(notification.route->key.destination.text());
    }
    return all;
  }

  std::unique_ptr<netlink::LinuxKernel> other_ = must(netlink::LinuxKernel::open());
};

TEST_F(FilterTest, OfForeignRoutesOnlyThoseThatMatterAreHeard) {
  EXPECT_THAT(notified({.protocols = {}, .destinations = {}}), IsEmpty());
  EXPECT_THAT(notified({.protocols = {169}, .destinations = {}}), ElementsAre("20.0.3.0/24"));
  EXPECT_THAT(notified({.protocols = {5, 77}, .destinations = {}}), SizeIs(8));
  const std::vector some = {net::Prefix::any(net::Family::ipv4), prefix("20.0.1.0/24"), prefix("20.0.2.0/25"),
                            prefix("fd20:2::/64"), prefix("fd20:1:1::/64")};
  EXPECT_THAT(notified({.protocols = {169}, .destinations = some}),
              ElementsAre("20.0.1.0/24", "0.0.0.0/0", "fd20:2::/64", "20.0.3.0/24"));
}

TEST_F(FilterTest, OfManyDestinationsTheirLengthsTell) {
  std::vector<net::Prefix> many = {net::Prefix::any(net::Family::ipv6), prefix("fd20:2::/64")};
  for (std::size_t i = 0; i < 5000; ++i)
    many.push_back(prefix(fmt::format("30.{}.{}.0/24", i / 256, i % 256)));
  EXPECT_THAT(notified({.protocols = {}, .destinations = many}),
              ElementsAre("20.0.0.0/24", "20.0.1.0/24", "20.0.2.0/24", "fd20:2::/64", "::/0", "20.0.3.0/24"));
}

TEST_F(FilterTest, TheLongestFilterFits) {
  std::vector<net::Prefix> all;
  std::vector<std::uint8_t> protocols(255);
  for (std::size_t i = 0; i < netlink::kDestinationsInFilter; ++i)
    all.push_back(prefix(fmt::format("fd20:{:x}::/64", i + 1)));
  EXPECT_THAT(notified({.protocols = protocols, .destinations = all}),
              ElementsAre("fd20:1::/64", "fd20:2::/64"));
}

TEST_F(FilterTest, WhatIsNoRouteIsAlwaysHeard) {
  must(watch_->set_filter({.protocols = {}, .destinations = {}}));
  real_.space.run("ip link set eth0 mtu 1400");
  real_.space.run("ip address add 10.7.0.1/24 dev eth0");
  real_.space.run("ip rule add from 10.9.0.0/24 lookup 100");
  const auto notifications = read_all();
  for (const auto subject : {Subject::link, Subject::address, Subject::rule}) {
    EXPECT_TRUE(std::any_of(notifications.begin(), notifications.end(),
                            [subject](const net::Notification& each) { return each.subject == subject; }));
  }
}

TEST_F(WatchTest, NoDescriptorSurvivesExec) {
  EXPECT_NE(fcntl(watch_->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
  const auto socket = must(netlink::Socket::open({}));
  EXPECT_NE(fcntl(socket.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
