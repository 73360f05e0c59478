#include "node/nic_resolution.h"

#include <gtest/gtest.h>

#include "tests/unit/core/build.h"

namespace agent {
namespace {

using testing::address;
using testing::eth0;
using testing::eth1;
using testing::kMac;
using testing::kSecondMac;
using testing::link;
using testing::network;
using testing::nic;
using testing::prefix;
using testing::route;
using testing::second_nic;

net::Link slave_of(std::uint32_t master, net::Link link) {
  link.master = master;
  return link;
}

TEST(FindLink, TakesTheOnlyLinkWithTheMac) {
  const std::vector links = {link(1, "lo", "00:00:00:00:00:00"), eth0()};
  EXPECT_EQ(node::find_link(nic(), links)->name, "eth0");
}

TEST(FindLink, PassesOverAnEnslavedVfWhicheverIndexIsLower) {
  for (const std::uint32_t vf_index : {1U, 7U}) {
    const std::vector links = {slave_of(2, link(vf_index, "enP1s1", kMac)), eth0()};
    EXPECT_EQ(node::find_link(nic(), links)->name, "eth0") << vf_index;
  }
}

TEST(FindLink, PassesOverALinkThatBearsTheSlaveFlagAlone) {
  auto vf = link(1, "enP1s1", kMac);
  vf.slave = true;
  EXPECT_EQ(node::find_link(nic(), std::vector{vf, eth0()})->name, "eth0");
}

TEST(FindLink, OfSeveralFreeLinksTakesTheOneWithTheAddress) {
  const std::vector links = {link(1, "enP1s1", kMac), eth0()};  // a VF before it is enslaved
  EXPECT_EQ(node::find_link(nic(), links)->name, "eth0");
}

TEST(FindLink, FollowsTheMasterThatHoldsTheAddressInBridgeMode) {
  auto bridge = link(9, "azure0", "aa:aa:aa:aa:aa:aa", {{address("10.240.0.4"), 24}});
  EXPECT_EQ(node::find_link(nic(), std::vector{slave_of(9, link(2, "eth0", kMac)), bridge})->name, "azure0");
}

TEST(FindLink, TellsNoneFromSeveral) {
  const auto none = node::find_link(nic(), std::vector{eth1()});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code.value(), ENODEV);
  EXPECT_NE(none.error().what.find("no link has the MAC 00:0d:3a:f8:06:ec"), std::string::npos);

  const auto several = node::find_link(nic(), std::vector{link(1, "a", kMac), link(2, "b", kMac)});
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code.value(), ENOTUNIQ);
  EXPECT_NE(several.error().what.find("a, b"), std::string::npos);

  const auto two_holders =
      node::find_link(nic(), std::vector{eth0(), link(5, "copy", kMac, eth0().addresses)});
  EXPECT_EQ(two_holders.error().code.value(), ENOTUNIQ);
}

TEST(FindLink, IsNoneWhenEveryBearerIsEnslavedAndNoMasterHoldsTheAddress) {
  const auto none =
      node::find_link(nic(), std::vector{slave_of(9, link(2, "eth0", kMac)), link(9, "br0", kSecondMac)});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code.value(), ENODEV);
  EXPECT_NE(none.error().what.find("enslaved"), std::string::npos);
}

/// As the engine does it.
node::NicResolution resolve(const observed::NodeNetwork& network, std::span<const net::Link> links,
                            const node::PlatformRoutes& platform_routes,
                            const node::NicSelector& selector = node::PrimaryNic{},
                            const std::optional<net::MacAddress>& remembered = std::nullopt) {
  const auto shown = node::shown_primary(network, links, platform_routes, remembered);
  const auto counting = node::effective_primary(network, links, shown ? shown : remembered);
  return node::resolve_nic(network, links, platform_routes, selector, counting);
}

TEST(ResolveNic, OfTwoLinksWithItsMacAndAddressTheOneThatLeadsToThePlatform) {
  const std::vector links = {eth0(), link(5, "vf", kMac, eth0().addresses)};
  for (const unsigned leading : {eth0().index, 5U}) {
    const node::PlatformRoutes one{{route("168.63.129.16/32", "10.240.0.1", leading, 16)}};
    const auto found = resolve(network({nic()}), links, one);
    ASSERT_TRUE(found.nic) << found.problem;
    EXPECT_EQ(found.nic->link.index, leading);
  }
  const node::PlatformRoutes both{{route("168.63.129.16/32", "10.240.0.1", eth0().index, 16),
                                   route("168.63.129.16/32", "10.240.0.1", 5, 16)}};
  EXPECT_FALSE(resolve(network({nic()}), links, both).nic);
  EXPECT_FALSE(resolve(network({nic()}), links, {}).nic);
}

TEST(ResolveNic, PrimaryIsWhereThePlatformRoutesLead) {
  const std::vector links = {eth0(), eth1()};
  const auto both = network({nic(), second_nic()});
  for (const auto* platform : {"169.254.169.254/32", "168.63.129.16/32"}) {
    const node::PlatformRoutes platform_routes{{route(platform, "10.241.0.1", 3, 16)}};
    EXPECT_EQ(resolve(both, links, platform_routes).nic->link.name, "eth1") << platform;
  }
  EXPECT_EQ(resolve(both, links, {}).nic->link.name, "eth0") << "IMDS index 0";
}

TEST(ResolveNic, ADefaultRouteIsNoEvidence) {
  const node::PlatformRoutes platform_routes{{route("0.0.0.0/0", "10.241.0.1", 3, 16)}};
  EXPECT_EQ(
      resolve(network({nic(), second_nic()}), std::vector{eth0(), eth1()}, platform_routes).nic->link.name,
      "eth0");
}

TEST(ResolveNic, TheRememberedPrimaryStaysWithoutEvidenceForAnother) {
  const auto both = network({second_nic(), nic()});
  const std::vector links = {eth0(), eth1()};
  const node::PlatformRoutes none{{route("0.0.0.0/0", "10.241.0.1", 3, 16)}};
  EXPECT_EQ(resolve(both, links, none, node::PrimaryNic{}, testing::mac(kMac)).nic->link.name, "eth0");
  const node::PlatformRoutes other{{route("169.254.169.254/32", "10.241.0.1", 3, 16)}};
  EXPECT_EQ(resolve(both, links, other, node::PrimaryNic{}, testing::mac(kMac)).nic->link.name, "eth1");
}

TEST(ResolveNic, WhereBothBearAPlatformRouteTheRememberedOneStaysElseTheLowerMetricDecides) {
  const auto both = network({nic(), second_nic()});
  const std::vector links = {eth0(), eth1()};
  const node::PlatformRoutes platform_routes{{route("169.254.169.254/32", "10.240.0.1", 2, 16, 200),
                                              route("169.254.169.254/32", "10.241.0.1", 3, 16, 100)}};
  EXPECT_EQ(resolve(both, links, platform_routes, node::PrimaryNic{}, testing::mac(kMac)).nic->link.name,
            "eth0");
  EXPECT_EQ(resolve(both, links, platform_routes).nic->link.name, "eth1");
}

TEST(ResolveNic, APlatformRouteByALinkThatIsNoNicIsNoEvidence) {
  const std::vector links = {eth0(), link(9, "wg0", "02:00:00:00:00:09")};
  const node::PlatformRoutes platform_routes{{route("168.63.129.16/32", "10.9.0.1", 9, 4)}};
  EXPECT_EQ(node::shown_primary(network(), links, platform_routes, std::nullopt), std::nullopt);
  EXPECT_EQ(resolve(network(), links, platform_routes).nic->link.name, "eth0");
}

TEST(ResolveNic, ARememberedPrimaryThatImdsLeavesOutIsAProblemAndNoReasonToTakeAnother) {
  const auto resolved = resolve(network({second_nic()}), std::vector{eth0(), eth1()}, {}, node::PrimaryNic{},
                                testing::mac(kMac));
  EXPECT_FALSE(resolved.nic);
  EXPECT_EQ(
      resolved.problem,
      "the primary NIC, 00:0d:3a:f8:06:ec, is not among those that IMDS names: 00:0d:3a:f8:06:ed; links "
      "here: eth0 (00:0d:3a:f8:06:ec), eth1 (00:0d:3a:f8:06:ed)");
}

TEST(ResolveNic, ARememberedPrimaryThatIsNowhereWasReplaced) {
  const auto remembered = testing::mac("00:0d:3a:00:00:77");
  const std::vector links = {eth0(), eth1()};
  const auto replaced = resolve(network({nic(), second_nic()}), links, {}, node::PrimaryNic{}, remembered);
  ASSERT_TRUE(replaced.nic) << replaced.problem;
  EXPECT_EQ(replaced.nic->link.name, "eth0");
  EXPECT_TRUE(replaced.nic->primary);
  EXPECT_FALSE(resolve(network({nic()}), links, {}, node::LinkNamed{"eth1"}, remembered).nic);
  EXPECT_FALSE(resolve(network(), std::vector{eth0(), link(9, "eth2", "00:0d:3a:00:00:77")}, {},
                       node::PrimaryNic{}, remembered)
                   .nic)
      << "its link is here, so the document is not the whole truth";
  auto named = nic();
  named.mac = remembered;
  EXPECT_FALSE(resolve(network({second_nic(), named}), links, {}, node::PrimaryNic{}, remembered).nic)
      << "the document names it, so its link may come back";
}

TEST(UnlikeAnyLink, NamesTheMacsOfBoth) {
  EXPECT_EQ(node::unlike_any_link(network({second_nic()}),
                                  std::vector{eth0(), link(8, "cali12", "ee:ee:ee:ee:ee:ee")}),
            "no link has a MAC that IMDS names: 00:0d:3a:f8:06:ed; links here: eth0 (00:0d:3a:f8:06:ec)");
}

TEST(ResolveNic, SelectsByMacNameAndSubnet) {
  const std::vector links = {eth0(), eth1()};
  const auto both = network({nic(), second_nic()});
  for (const node::NicSelector& selector :
       {node::NicSelector(testing::mac(kSecondMac)), node::NicSelector(node::LinkNamed{"eth1"}),
        node::NicSelector(prefix("10.241.0.0/24"))}) {
    const auto resolved = resolve(both, links, {}, selector);
    ASSERT_TRUE(resolved.nic) << node::selector_text(selector) << ": " << resolved.problem;
    EXPECT_EQ(resolved.nic->link.name, "eth1");
    EXPECT_FALSE(resolved.nic->primary);
  }
  const auto absent = resolve(both, links, {}, node::LinkNamed{"eth7"});
  EXPECT_FALSE(absent.nic);
  EXPECT_NE(absent.problem.find("name:eth7"), std::string::npos);
  EXPECT_FALSE(resolve(both, links, {}, prefix("10.0.0.0/8")).nic) << "both NICs are in it";
}

TEST(ResolveNic, TakesTheDefaultRouteAsGatewayOnlyInsideTheSubnet) {
  const std::vector links = {eth0()};
  const auto with_default = [&](std::string_view gateway) {
    return resolve(network(), links, {{route("0.0.0.0/0", gateway, 2, 16)}}).nic->gateway_v4->address.text();
  };
  EXPECT_EQ(with_default("10.240.0.99"), "10.240.0.99");
  EXPECT_EQ(with_default("10.9.9.9"), "10.240.0.1");
  const node::PlatformRoutes other_device{{route("0.0.0.0/0", "10.240.0.99", 3, 16)}};
  EXPECT_EQ(resolve(network(), links, other_device).nic->gateway_v4->address.text(), "10.240.0.1");
}

TEST(ResolveNic, AssumesTheFirstAddressWhereNoLinkHasADefaultRoute) {
  const std::vector links = {eth0(), eth1()};
  const auto both = network({nic(), second_nic()});
  EXPECT_TRUE(resolve(both, links, {}, node::PrimaryNic{}).nic->gateway_v4->assumed);
  const node::PlatformRoutes dead_end{{testing::blackhole("0.0.0.0/0")}};
  EXPECT_TRUE(resolve(both, links, dead_end, node::PrimaryNic{}).nic->gateway_v4->assumed);
  const node::PlatformRoutes by_eth0{{route("0.0.0.0/0", "10.240.0.1", 2, 16, 100)}};
  const auto primary = *resolve(both, links, by_eth0, node::PrimaryNic{}).nic->gateway_v4;
  EXPECT_EQ(primary, (node::Gateway{address("10.240.0.1"), false, 16, 100}));
  const auto secondary = *resolve(both, links, by_eth0, node::LinkNamed{"eth1"}).nic->gateway_v4;
  EXPECT_EQ(secondary, (node::Gateway{address("10.241.0.1"), false, 0, 0})) << "it needs none of its own";
}

TEST(ResolveNic, ComputesTheGatewayFromTheNetworkNotFromTheText) {
  const observed::Nic in_a_26{testing::mac(kMac), {address("10.144.133.132")}, {prefix("10.144.133.128/26")}};
  const auto here = link(2, "eth0", kMac, {{address("10.144.133.132"), 26}});
  EXPECT_EQ(resolve(network({in_a_26}), std::vector{here}, {}).nic->gateway_v4->address.text(),
            "10.144.133.129");
}

TEST(ResolveNic, AssumesAzuresIpv6GatewayWithoutARouter) {
  auto dual = nic();
  dual.addresses.push_back(address("fd00::4"));
  dual.subnets.push_back(prefix("fd00::/64"));
  const auto assumed = resolve(network({dual}), std::vector{eth0()}, {});
  EXPECT_EQ(assumed.nic->gateway_v6->address.text(), "fe80::1234:5678:9abc");
  EXPECT_TRUE(assumed.nic->gateway_v6->assumed);
  const node::PlatformRoutes routed{{route("::/0", "fe80::1", 2, 9)}};
  const auto found = resolve(network({dual}), std::vector{eth0()}, routed);
  EXPECT_EQ(found.nic->gateway_v6->address.text(), "fe80::1");
  EXPECT_FALSE(found.nic->gateway_v6->assumed);
}

}  // namespace
}  // namespace agent
