// What devices and addresses do to routes, and what is notified. Each case asks the fake and the real kernel.
#include <algorithm>

#include "tests/netns/contract.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Subject = net::Notification::Subject;

class WorldContract : public KernelContract {
 protected:
  /// One route of each kind, all by eth0 but for the sinks.
  void fill() {
    for (const auto& each : {by_gateway_, on_link_, sink_, by_gateway_v6_, sink_v6_}) {
      ASSERT_EQ(add(each), 0) << refusal();
    }
    EXPECT_THAT(world().notifications(), IsEmpty()) << "our own changes give no notification";
  }

  static bool tells_of(const std::vector<net::Notification>& notifications, const net::Route& route,
                       bool removal) {
    return std::any_of(notifications.begin(), notifications.end(), [&](const net::Notification& each) {
      return each.subject == Subject::route && each.removal == removal && each.route &&
             each.route->key == route.key && each.route->protocol == route.protocol;
    });
  }
  bool tells_of(const std::vector<net::Notification>& notifications, Subject subject, bool removal) const {
    return std::any_of(notifications.begin(), notifications.end(), [&](const net::Notification& each) {
      return each.subject == subject && each.removal == removal && each.device == eth0();
    });
  }

  net::Route by_gateway_ = route("10.1.0.0/16", "10.0.0.1");
  net::Route on_link_ = route("10.2.0.0/16");
  net::Route sink_ = sink("10.3.0.0/16");
  net::Route by_gateway_v6_ = route("fd01::/64", "fd00::1");
  net::Route sink_v6_ = sink("fd03::/64");
};
INSTANTIATE_CONTRACT(WorldContract);

TEST_P(WorldContract, LinkDownTakesIpv4RoutesSilentlyAndTellsOfIpv6) {
  fill();
  world().set_up("eth0", false);
  EXPECT_THAT(ours(), ElementsAre(sink_, sink_v6_));
  const auto notifications = world().notifications();
  EXPECT_TRUE(tells_of(notifications, Subject::link, false));
  EXPECT_FALSE(tells_of(notifications, by_gateway_, true));
  EXPECT_FALSE(tells_of(notifications, on_link_, true));
  EXPECT_TRUE(tells_of(notifications, by_gateway_v6_, true));
}

TEST_P(WorldContract, LinkUpDoesNotBringOurRoutesBack) {
  fill();
  world().set_up("eth0", false);
  world().set_up("eth0", true);
  EXPECT_THAT(ours(), ElementsAre(sink_, sink_v6_));
  EXPECT_EQ(add(by_gateway_), 0) << "the IPv4 address is still there: " << refusal();
  EXPECT_EQ(add(by_gateway_v6_), EHOSTUNREACH) << "the IPv6 address is not";
}

TEST_P(WorldContract, RemovalOfTheLastIpv4AddressTakesRoutesSilently) {
  fill();
  world().remove_address("eth0", "10.0.0.4/24");
  EXPECT_THAT(ours(), ElementsAre(sink_, by_gateway_v6_, sink_v6_));
  const auto notifications = world().notifications();
  EXPECT_TRUE(tells_of(notifications, Subject::address, true));
  EXPECT_FALSE(tells_of(notifications, by_gateway_, true));
}

TEST_P(WorldContract, RemovalOfOneOfSeveralIpv4AddressesTakesOnlyRoutesThatPreferIt) {
  world().add_address("eth0", "10.9.0.4/24");
  auto preferring = route("10.5.0.0/16", "10.0.0.1");
  preferring.source = *net::Address::parse("10.0.0.4");
  ASSERT_EQ(add(preferring), 0);
  ASSERT_EQ(add(by_gateway_), 0);
  world().notifications();
  world().remove_address("eth0", "10.0.0.4/24");
  EXPECT_THAT(ours(), ElementsAre(by_gateway_)) << "a gateway may lose its subnet";
  EXPECT_TRUE(tells_of(world().notifications(), preferring, true));
}

TEST_P(WorldContract, RemovalOfAnIpv6AddressTakesThePreferredSourceOffSilently) {
  auto preferring = by_gateway_v6_;
  preferring.source = *net::Address::parse("fd00::4");
  ASSERT_EQ(add(preferring), 0);
  world().notifications();
  world().remove_address("eth0", "fd00::4/64");
  EXPECT_THAT(ours(), ElementsAre(by_gateway_v6_));
  const auto notifications = world().notifications();
  EXPECT_FALSE(tells_of(notifications, preferring, true));
  EXPECT_FALSE(tells_of(notifications, preferring, false));
  EXPECT_TRUE(tells_of(notifications, Subject::address, true));
}

TEST_P(WorldContract, LinkRemovalTakesIpv4RoutesSilentlyAndTellsOfIpv6) {
  fill();
  world().remove_link("eth0");
  EXPECT_THAT(ours(), ElementsAre(sink_, sink_v6_));
  const auto notifications = world().notifications();
  EXPECT_TRUE(tells_of(notifications, Subject::link, true));
  EXPECT_FALSE(tells_of(notifications, by_gateway_, true));
  EXPECT_TRUE(tells_of(notifications, by_gateway_v6_, true));
}

TEST_P(WorldContract, CarrierLossKeepsRoutesAndIsNotified) {
  fill();
  world().set_carrier("eth0", false);
  EXPECT_EQ(ours().size(), 5U);
  EXPECT_TRUE(tells_of(world().notifications(), Subject::link, false));
  const auto links = *kernel().links();
  const auto eth =
      std::find_if(links.begin(), links.end(), [](const auto& each) { return each.name == "eth0"; });
  ASSERT_NE(eth, links.end());
  EXPECT_TRUE(eth->up);
  EXPECT_FALSE(eth->carrier);
}

TEST_P(WorldContract, AGatewayMustBeOnTheLink) {
  EXPECT_EQ(add(route("10.1.0.0/16", "10.77.0.1")), ENETUNREACH);
  EXPECT_THAT(refusal(), HasSubstr("10.1.0.0/16 via 10.77.0.1"));
  EXPECT_THAT(refusal(), HasSubstr("Nexthop has invalid gateway"));
  EXPECT_EQ(add(route("fd01::/64", "fd77::1")), EHOSTUNREACH);
}

TEST_P(WorldContract, AGatewayReachedByAnotherGatewayIsNotOnTheLink) {
  ASSERT_EQ(add(by_gateway_), 0);
  EXPECT_EQ(add(route("10.5.0.0/16", "10.1.0.1")), ENETUNREACH);
  EXPECT_THAT(refusal(), HasSubstr("Nexthop has invalid gateway"));
}

TEST_P(WorldContract, AGatewayWithoutADeviceFindsIt) {
  auto unnamed = by_gateway_;
  unnamed.device = 0;
  ASSERT_EQ(add(unnamed), 0) << refusal();
  EXPECT_THAT(ours(), ElementsAre(by_gateway_));
}

TEST_P(WorldContract, APreferredSourceMustBeLocal) {
  auto preferring = by_gateway_;
  preferring.source = *net::Address::parse("10.0.0.99");
  EXPECT_EQ(add(preferring), EINVAL);
  EXPECT_THAT(refusal(), HasSubstr("Invalid prefsrc address"));
  auto preferring_v6 = by_gateway_v6_;
  preferring_v6.source = *net::Address::parse("fd00::99");
  EXPECT_EQ(add(preferring_v6), EINVAL);
  EXPECT_THAT(refusal(), HasSubstr("Invalid source address"));
}

TEST_P(WorldContract, TheDeviceMustExist) {
  for (auto each : {on_link_, route("fd02::/64"), by_gateway_v6_}) {
    each.device = 31337;
    EXPECT_EQ(add(each), ENODEV) << net::route_text(each);
  }
  auto by_gateway = by_gateway_;
  by_gateway.device = 31337;
  EXPECT_EQ(add(by_gateway), ENETUNREACH);
}

TEST_P(WorldContract, TheDeviceMustBeUp) {
  world().set_up("eth0", false);
  EXPECT_EQ(add(on_link_), ENETDOWN);
  EXPECT_THAT(refusal(), HasSubstr("Device for nexthop is not up"));
  EXPECT_EQ(add(by_gateway_), ENETUNREACH);
  EXPECT_EQ(add(by_gateway_v6_), EHOSTUNREACH) << "the address went with the link";
  EXPECT_EQ(add(route("fd01::/64", "fe80::1")), ENETDOWN);
  EXPECT_THAT(refusal(), HasSubstr("Nexthop device is not up"));
}

TEST_P(WorldContract, AStrangersRouteIsNotifiedWithWhoDidIt) {
  const auto foreign = theirs(route("10.1.0.0/16", "10.0.0.1"));
  ASSERT_TRUE(world().by_other(test_support::Meeting::add, foreign));
  ASSERT_TRUE(world().other_removes(foreign));
  const auto notifications = world().notifications();
  ASSERT_EQ(notifications.size(), 2U);
  for (const auto& each : notifications) {
    EXPECT_EQ(each.subject, Subject::route);
    EXPECT_EQ(each.route, foreign);
    EXPECT_EQ(each.device, eth0());
    EXPECT_NE(each.removed_by, 0U);
  }
  EXPECT_FALSE(notifications[0].removal);
  EXPECT_TRUE(notifications[1].removal);
}

TEST_P(WorldContract, ARemovalOfOursByAStrangerIsNotified) {
  fill();
  ASSERT_TRUE(world().other_removes(by_gateway_));
  const auto notifications = world().notifications();
  EXPECT_TRUE(tells_of(notifications, by_gateway_, true));
  EXPECT_NE(notifications.front().removed_by, 0U);
}

TEST_P(WorldContract, AStrangersReplaceOfOursComesAsTheirNewRouteAlone) {
  for (const auto& mine : {by_gateway_, by_gateway_v6_}) {
    ASSERT_EQ(add(mine), 0);
    world().notifications();
    ASSERT_TRUE(world().by_other(test_support::Meeting::replace, theirs(mine)));
    const auto notifications = world().notifications();
    ASSERT_EQ(notifications.size(), 1U);
    EXPECT_FALSE(notifications[0].removal);
    EXPECT_EQ(notifications[0].route, theirs(mine));
    EXPECT_THAT(all_to(mine.key.destination.text()), ElementsAre(theirs(mine)));
  }
}

TEST_P(WorldContract, AddressesAreNotifiedAndShown) {
  world().add_address("eth0", "10.9.0.4/24");
  EXPECT_TRUE(tells_of(world().notifications(), Subject::address, false));
  world().remove_address("eth0", "10.0.0.4/24");
  EXPECT_TRUE(tells_of(world().notifications(), Subject::address, true));
  const auto links = *kernel().links();
  const auto eth =
      std::find_if(links.begin(), links.end(), [](const auto& each) { return each.name == "eth0"; });
  ASSERT_NE(eth, links.end());
  EXPECT_THAT(eth->addresses,
              testing::UnorderedElementsAre(
                  net::LinkAddress{.address = *net::Address::parse("10.9.0.4"), .prefix_length = 24},
                  net::LinkAddress{.address = *net::Address::parse("fd00::4"), .prefix_length = 64}));
}

TEST_P(WorldContract, LinksAreShownByIndexWithWhatTheyAre) {
  const auto second = world().add_link("eth1");
  const auto links = *kernel().links();
  EXPECT_TRUE(std::is_sorted(links.begin(), links.end(),
                             [](const auto& a, const auto& b) { return a.index < b.index; }));
  ASSERT_FALSE(links.empty());
  EXPECT_EQ(links.front().name, "lo");
  EXPECT_TRUE(links.front().loopback);
  EXPECT_TRUE(links.front().has(*net::Address::parse("127.0.0.1")));
  const auto eth1 =
      std::find_if(links.begin(), links.end(), [second](const auto& each) { return each.index == second; });
  ASSERT_NE(eth1, links.end());
  EXPECT_EQ(eth1->name, "eth1");
  EXPECT_TRUE(eth1->mac);
  EXPECT_EQ(eth1->mtu, 1500U);
  EXPECT_EQ(eth1->kind, "veth");
  EXPECT_EQ(eth1->master, 0U);
  EXPECT_TRUE(eth1->up);
  EXPECT_TRUE(eth1->carrier);
  EXPECT_FALSE(eth1->slave);
  EXPECT_FALSE(eth1->loopback);
  EXPECT_THAT(eth1->addresses, IsEmpty());
}

TEST_P(WorldContract, ForwardingSettingsAreNotified) {
  world().change_settings("eth0");
  EXPECT_TRUE(tells_of(world().notifications(), Subject::settings, false));
}

}  // namespace
