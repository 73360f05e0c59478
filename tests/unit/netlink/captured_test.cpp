// What a real kernel sent, and what is understood of it. The commands that made it say so to ip(8) on a
// machine whose eth0 has the index 3, and its veth peer the index 2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "netlink/codecs.h"
#include "tests/support/print.h"
#include "tests/unit/netlink/captured.h"

namespace {

using net::Notification;
using net::Route;
using net::RouteType;
using testing::IsEmpty;

net::Prefix prefix(const std::string& text) { return net::Prefix::parse(text).value(); }
net::Address address(const std::string& text) { return net::Address::parse(text).value(); }

std::optional<Route> route_in(const std::string& name) {
  return netlink::decode_route(captured(name).message());
}
std::optional<net::Rule> rule_in(const std::string& name) {
  return netlink::decode_rule(captured(name).message());
}
std::optional<Notification> hint_in(const std::string& name) {
  return netlink::decode_notification(captured(name).message());
}

Route route(const std::string& destination, std::uint32_t metric = 1024, std::uint8_t protocol = 169) {
  Route made;
  made.key = {.table = 254, .destination = prefix(destination), .metric = metric, .tos = 0};
  made.protocol = protocol;
  made.device = 3;
  return made;
}

TEST(CapturedRoute, IsUnderstoodInBothFamilies) {
  // ip route add 10.1.0.0/16 via 10.0.0.1 dev eth0 src 10.0.0.4 metric 1024 proto 169
  auto ipv4 = route("10.1.0.0/16");
  ipv4.gateway = address("10.0.0.1");
  ipv4.source = address("10.0.0.4");
  EXPECT_EQ(route_in("route_ipv4_gateway"), ipv4);
  // ip route add fd01::/64 via fd00::1 dev eth0 src fd00::4 metric 1024 proto 169
  auto ipv6 = route("fd01::/64");
  ipv6.gateway = address("fd00::1");
  ipv6.source = address("fd00::4");
  EXPECT_EQ(route_in("route_ipv6_gateway"), ipv6);
}

TEST(CapturedRoute, OfALargeTableHasItsWholeNumber) {
  // ip route add blackhole 10.2.0.0/16 table 70000 metric 1000000 proto 169
  auto sink = route("10.2.0.0/16", 1000000);
  sink.type = RouteType::blackhole;
  sink.key.table = 70000;
  sink.device = 0;
  EXPECT_EQ(route_in("route_ipv4_blackhole_large_table"), sink);
}

TEST(CapturedRoute, WithoutADestinationIsTheDefaultRouteOfItsTos) {
  // ip route add default via 10.0.0.1 dev eth0 tos 8
  auto everything = route("0.0.0.0/0", 0, 3);
  everything.key.tos = 8;
  everything.gateway = address("10.0.0.1");
  EXPECT_EQ(route_in("route_default_tos"), everything);
}

TEST(CapturedRoute, OfIpv6ThatLeadsNowhereIsShownWithoutTheKernelsLoopback) {
  // ip -6 route add unreachable fd02::/64 proto 169
  auto sink = route("fd02::/64");
  sink.type = RouteType::unreachable;
  sink.device = 0;
  EXPECT_EQ(route_in("route_ipv6_unreachable"), sink);
}

TEST(CapturedRoute, OfSeveralWaysOrByANextHopObjectIsMultipath) {
  for (const auto* name : {"route_ipv4_multipath", "route_ipv6_multipath", "route_ipv4_nexthop_object"}) {
    ASSERT_TRUE(route_in(name)) << name;
    EXPECT_TRUE(route_in(name)->multipath) << name;
  }
  for (const auto* name : {"route_ipv4_gateway", "route_ipv6_gateway", "route_ipv6_unreachable"}) {
    EXPECT_FALSE(route_in(name)->multipath) << name;
  }
}

TEST(CapturedRoute, ByAGatewayOfTheOtherFamilyShowsTheDeviceAlone) {
  // ip route add 10.5.0.0/16 via inet6 fe80::1 dev eth0
  auto shown = route("10.5.0.0/16", 0, 3);
  shown.extra_attributes = true;
  EXPECT_EQ(route_in("route_ipv4_via_ipv6"), shown);
}

TEST(CapturedRoute, WithASourcePrefixIsNotOneThatCanBeExpressed) {
  EXPECT_EQ(route_in("route_ipv6_source_prefix"), std::nullopt);
  const auto notification = hint_in("route_ipv6_source_prefix");
  ASSERT_TRUE(notification) << "but something has changed";
  EXPECT_EQ(notification->subject, Notification::Subject::route);
  EXPECT_EQ(notification->route, std::nullopt);
}

TEST(CapturedRoute, HasAGistThatAgreesWithTheWhole) {
  for (const auto* name : {"route_ipv4_gateway", "route_ipv6_gateway", "route_ipv4_blackhole_large_table",
                           "route_ipv4_multipath", "route_default_tos"}) {
    const auto gist = netlink::header_of_route(captured(name).message());
    ASSERT_TRUE(gist) << name;
    EXPECT_EQ(gist->protocol, route_in(name)->protocol) << name;
    EXPECT_EQ(gist->device, route_in(name)->device) << name;
  }
  for (const auto* name : {"route_removed", "rule_plain", "truncated_fixed_header"}) {
    EXPECT_FALSE(netlink::header_of_route(captured(name).message())) << name;
  }
}

TEST(CapturedRule, IsPlainOrOfAForeignShape) {
  // ip rule add from 10.1.0.0/24 lookup 16925 pref 100 protocol 169
  EXPECT_EQ(rule_in("rule_plain"), (net::Rule{.priority = 100,
                                              .source = prefix("10.1.0.0/24"),
                                              .table = 16925,
                                              .protocol = 169,
                                              .unknown_selectors = false}));
  // ip -6 rule add from fd01::/64 lookup 70000 pref 100 protocol 169
  EXPECT_EQ(rule_in("rule_ipv6_large_table"), (net::Rule{.priority = 100,
                                                         .source = prefix("fd01::/64"),
                                                         .table = 70000,
                                                         .protocol = 169,
                                                         .unknown_selectors = false}));
  ASSERT_TRUE(rule_in("rule_every_selector"));
  EXPECT_TRUE(rule_in("rule_every_selector")->unknown_selectors);
}

TEST(CapturedRule, OfTheKernelsOwnThreeIsPlain) {
  const auto dump = captured("dump_of_rules");
  std::vector<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const auto* message : dump.messages()) {
    const auto rule = netlink::decode_rule(*message);
    if (!rule || rule->protocol != RTPROT_KERNEL) continue;
    EXPECT_FALSE(rule->unknown_selectors);
    seen.emplace_back(rule->priority, rule->table);
  }
  EXPECT_THAT(seen,
              testing::ElementsAre(std::pair(0U, 255U), std::pair(32766U, 254U), std::pair(32767U, 253U)));
}

TEST(CapturedLink, IsUnderstood) {
  const auto port = netlink::decode_link(captured("link_with_master").message());
  ASSERT_TRUE(port);
  EXPECT_EQ(port->index, 2U);
  EXPECT_EQ(port->name, "peer");
  EXPECT_EQ(port->kind, "veth");
  EXPECT_EQ(port->mtu, 1500U);
  EXPECT_TRUE(port->mac);
  EXPECT_TRUE(port->up);
  EXPECT_TRUE(port->carrier);
  EXPECT_FALSE(port->loopback);
  EXPECT_FALSE(port->slave);
  EXPECT_THAT(port->addresses, IsEmpty()) << "they come with messages of their own";
  const auto bridge = netlink::decode_link(captured("link_bridge").message());
  ASSERT_TRUE(bridge);
  EXPECT_EQ(bridge->kind, "bridge");
  EXPECT_EQ(bridge->master, 0U);
  EXPECT_FALSE(bridge->up);
  EXPECT_EQ(port->master, bridge->index);
}

TEST(CapturedLink, OfKindVxlanSaysWhatItCarries) {
  // ip link add flannel.1 type vxlan id 1 local 10.0.0.4 dev eth0 dstport 8472 nolearning
  const auto overlay = netlink::decode_link(captured("link_vxlan").message());
  ASSERT_TRUE(overlay);
  EXPECT_EQ(overlay->name, "flannel.1");
  EXPECT_EQ(overlay->kind, "vxlan");
  EXPECT_EQ(
      overlay->vxlan,
      (net::Vxlan{.vni = 1, .port = 8472, .local = address("10.0.0.4"), .device = 3, .learning = false}));
  // ip link add flannel-v6.1 type vxlan id 1 local fd00::4 dev eth0 dstport 4789
  const auto overlay6 = netlink::decode_link(captured("link_vxlan_ipv6").message());
  ASSERT_TRUE(overlay6);
  EXPECT_EQ(overlay6->vxlan,
            (net::Vxlan{.vni = 1, .port = 4789, .local = address("fd00::4"), .device = 3, .learning = true}));
  for (const auto* name : {"link_with_master", "link_bridge"}) {
    EXPECT_EQ(netlink::decode_link(captured(name).message())->vxlan, std::nullopt) << name;
  }
}

TEST(CapturedNeighbour, IsOneThatSomebodyMadeForGood) {
  const auto neighbour_in = [](const std::string& name) {
    return netlink::decode_neighbour(captured(name).message());
  };
  const auto mac = net::MacAddress::parse("02:00:00:00:00:02").value();
  // ip neigh replace 10.244.2.0 lladdr 02:00:00:00:00:02 dev flannel.1 nud permanent; fd01::2 likewise
  EXPECT_EQ(neighbour_in("neighbour_permanent"),
            (observed::Neighbour{.device = 4, .address = address("10.244.2.0"), .mac = mac}));
  EXPECT_EQ(neighbour_in("neighbour_permanent_ipv6"),
            (observed::Neighbour{.device = 5, .address = address("fd01::2"), .mac = mac}));
  for (const auto* name : {"neighbour_reachable", "neighbour_multicast", "forwarding_entry"}) {
    EXPECT_EQ(neighbour_in(name), std::nullopt) << name;
  }
}

TEST(CapturedForwardingEntry, IsOfTheVxlanLinkItself) {
  const auto entry_in = [](const std::string& name) {
    return netlink::decode_forwarding(captured(name).message());
  };
  const auto mac = net::MacAddress::parse("02:00:00:00:00:02").value();
  // bridge fdb append 02:00:00:00:00:02 dev flannel.1 dst 10.0.0.5; 00:00:00:00:00:00 dst 10.0.0.6
  EXPECT_EQ(entry_in("forwarding_entry"),
            (observed::ForwardingEntry{.device = 4, .mac = mac, .destination = address("10.0.0.5")}));
  EXPECT_EQ(entry_in("forwarding_entry_ipv6"),
            (observed::ForwardingEntry{.device = 5, .mac = mac, .destination = address("fd00::5")}));
  EXPECT_EQ(entry_in("forwarding_entry_for_the_rest"),
            (observed::ForwardingEntry{.device = 4, .mac = {}, .destination = address("10.0.0.6")}));
  for (const auto* name : {"forwarding_entry_of_a_bridge", "neighbour_permanent"}) {
    EXPECT_EQ(entry_in(name), std::nullopt) << name;
  }
}

TEST(CapturedLink, OfABridgePortSaysNothingOfALink) {
  const auto port = captured("link_bridge_port");
  ASSERT_EQ(port.message().nlmsg_type, RTM_NEWLINK);
  EXPECT_EQ(netlink::decode_link(port.message()), std::nullopt);
  EXPECT_EQ(hint_in("link_bridge_port")->device, 2U) << "but something has changed";
}

TEST(CapturedAddress, IsOursAlsoWhereAPeerHasOne) {
  const auto address_in = [](const std::string& name) {
    return netlink::decode_address(captured(name).message());
  };
  const auto on_eth0 = [](const std::string& text, std::uint8_t length) {
    return netlink::AddressOnLink{.index = 3, .address = {.address = address(text), .prefix_length = length}};
  };
  EXPECT_EQ(address_in("address_ipv4"), on_eth0("10.0.0.4", 24));
  EXPECT_EQ(address_in("address_ipv6"), on_eth0("fd00::4", 64));
  EXPECT_EQ(address_in("address_peer"), on_eth0("10.9.0.1", 32)) << "ip addr add 10.9.0.1 peer 10.9.0.2/32";
  EXPECT_EQ(address_in("address_removed"), std::nullopt) << "a removal is no address";
}

TEST(CapturedHint, TellsSubjectDeviceAndRemoval) {
  struct Case {
    std::string name;
    Notification::Subject subject;
    bool removal;
    std::uint32_t device;
  };
  for (const auto& each : std::vector<Case>{
           {"route_ipv4_gateway", Notification::Subject::route, false, 3},
           {"route_ipv4_blackhole_large_table", Notification::Subject::route, false, 0},
           {"route_removed", Notification::Subject::route, true, 3},
           {"link_with_master", Notification::Subject::link, false, 2},
           {"address_ipv4", Notification::Subject::address, false, 3},
           {"address_removed", Notification::Subject::address, true, 3},
           {"rule_plain", Notification::Subject::rule, false, 0},
           {"rule_removed", Notification::Subject::rule, true, 0},
           {"netconf", Notification::Subject::settings, false, 3},
           {"netconf_all", Notification::Subject::settings, false, 0},
       }) {
    const auto notification = hint_in(each.name);
    ASSERT_TRUE(notification) << each.name;
    EXPECT_EQ(notification->subject, each.subject) << each.name;
    EXPECT_EQ(notification->removal, each.removal) << each.name;
    EXPECT_EQ(notification->device, each.device) << each.name;
    EXPECT_EQ(notification->route.has_value(), each.subject == Notification::Subject::route) << each.name;
    EXPECT_EQ(notification->removed_by, 1U) << each.name << ": nlmsg_pid of every captured message";
  }
  EXPECT_TRUE(hint_in("link_removed")->removal);
  EXPECT_EQ(hint_in("link_removed")->subject, Notification::Subject::link);
  EXPECT_EQ(hint_in("route_removed")->route->key, route("10.1.0.0/16").key);
}

TEST(CapturedHint, IsNotInAReply) {
  EXPECT_EQ(hint_in("acknowledgement"), std::nullopt);
  EXPECT_EQ(hint_in("dump_empty"), std::nullopt);
}

TEST(CapturedHint, OfACachedRouteIsNone) {
  auto cached = captured("route_ipv6_gateway");
  auto fixed = rtmsg{};
  auto* at = cached.bytes().data() + sizeof(nlmsghdr);
  std::memcpy(&fixed, at, sizeof(fixed));
  EXPECT_FALSE(netlink::is_cloned_route(cached.message()));
  fixed.rtm_flags |= RTM_F_CLONED;
  std::memcpy(at, &fixed, sizeof(fixed));
  EXPECT_TRUE(netlink::is_cloned_route(cached.message()));
  EXPECT_EQ(netlink::decode_notification(cached.message()), std::nullopt);
}

}  // namespace
