#include "node/node_view.h"

#include <gtest/gtest.h>

#include "tests/support/fake_kernel.h"
#include "tests/unit/core/build.h"
#include "tests/unit/core/fake_sysctls.h"

namespace agent {
namespace {

using testing::prefix;
using testing::route;

const std::vector<net::Prefix> kWatched = {prefix("0.0.0.0/0"), prefix("10.244.0.0/16")};

net::Notification about(net::Notification::Subject subject) {
  return {.subject = subject, .removal = false, .device = 0, .route = {}, .removed_by = 0};
}
net::Notification about(const net::Route& route) {
  return {.subject = net::Notification::Subject::route,
          .removal = false,
          .device = 0,
          .route = route,
          .removed_by = 0};
}

TEST(Classify, OurRoutesAskForALookAtOurRoutes) {
  EXPECT_EQ(node::classify(about(route("10.9.0.0/16", "10.240.0.1", 2, 169)), 169, kWatched),
            node::NotificationScope::routes);
  EXPECT_EQ(node::classify(about(net::Notification::Subject::rule), 169, kWatched),
            node::NotificationScope::routes);
}

TEST(Classify, ForeignRoutesConcernUsOnlyWhereTheyMeetOurs) {
  EXPECT_EQ(node::classify(about(route("10.9.0.0/16", "10.240.0.1", 2, 4)), 169, kWatched),
            node::NotificationScope::nothing);
  EXPECT_EQ(node::classify(about(route("10.244.0.0/16", "10.240.0.1", 2, 4)), 169, kWatched),
            node::NotificationScope::all);
  EXPECT_EQ(node::classify(about(route("0.0.0.0/0", "10.240.0.1", 2, 16)), 169, kWatched),
            node::NotificationScope::all);
}

TEST(Classify, LinksAddressesSettingsAndOverrunsAskForEverything) {
  for (const auto subject : {net::Notification::Subject::link, net::Notification::Subject::address,
                             net::Notification::Subject::settings, net::Notification::Subject::overrun}) {
    EXPECT_EQ(node::classify(about(subject), 169, kWatched), node::NotificationScope::all);
  }
}

TEST(NodeViewOf, ReadsHowStrictTheOtherNicsAre) {
  test_support::FakeKernel kernel;
  for (auto nic : {testing::eth0(), testing::eth1()}) {
    nic.index = 0;
    kernel.add_link(nic);
  }
  testing::FakeSysctls sysctls;
  sysctls.values["net/ipv4/conf/eth1/rp_filter"] = "1";
  const auto both = testing::network({testing::nic(), testing::second_nic()});
  auto kernel_state = node::read_kernel_state(kernel, node::Policy{}, {});
  ASSERT_TRUE(kernel_state);
  const auto view = node::view_of(std::move(*kernel_state), sysctls, node::Policy{}, both, {});
  ASSERT_TRUE(view.sysctls.contains("net/ipv4/conf/eth1/rp_filter"));
  EXPECT_EQ(*view.sysctls.at("net/ipv4/conf/eth1/rp_filter"), "1");
}

TEST(NodeViewOf, ForgetsNoPrimaryThatMayComeBack) {
  testing::FakeSysctls sysctls;
  const auto remembered = testing::second_nic().mac;
  const auto seen_with = [&](std::vector<net::Link> links, std::vector<observed::Nic> nics) {
    return node::view_of({.links = std::move(links), .platform_routes = {}, .foreign_routes = {}}, sysctls,
                         node::Policy{}, testing::network(std::move(nics)), remembered);
  };
  const auto without = seen_with({testing::eth0()}, {testing::nic()});
  ASSERT_TRUE(without.nic.nic) << without.nic.problem;
  EXPECT_EQ(without.nic.nic->link.name, "eth0");
  EXPECT_EQ(without.primary, remembered) << "nothing has shown another one";
  const auto back = seen_with({testing::eth0(), testing::eth1()}, {testing::nic(), testing::second_nic()});
  ASSERT_TRUE(back.nic.nic);
  EXPECT_EQ(back.nic.nic->link.name, "eth1");
}

node::Policy dual_stack() {
  node::Policy policy;
  policy.cluster_cidrs = {prefix("10.244.0.0/16"), prefix("fd44::/48")};
  return policy;
}

TEST(WantedSysctls, SetsAcceptRaBeforeIpv6Forwarding) {
  std::vector<std::string> keys;
  for (const auto& wish : node::wanted_sysctls(dual_stack(), "eth0")) keys.push_back(wish.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"net/ipv4/ip_forward", "net/ipv4/conf/eth0/forwarding",
                                            "net/ipv6/conf/eth0/accept_ra", "net/ipv6/conf/all/forwarding"}));
}

TEST(WantedSysctls, AsksNothingOfIpv6WithoutAnIpv6Cidr) {
  node::Policy policy;
  policy.cluster_cidrs = {prefix("10.244.0.0/16")};
  EXPECT_EQ(node::wanted_sysctls(policy, "eth0").size(), 2U);
}

TEST(WantedSysctls, WhatCannotBeReadIsNotWritten) {
  observed::SysctlReadings readings;
  readings.emplace("net/ipv4/ip_forward", net::failure(EACCES, "no"));
  readings.emplace("net/ipv4/conf/eth0/forwarding", "0");
  const auto open = node::unmet(node::wanted_sysctls({}, "eth0"), readings);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open.front().key, "net/ipv4/conf/eth0/forwarding");
}

TEST(WantedSysctls, AcceptRaAtZeroIsLeftToTheNetworkService) {
  const std::string key = "net/ipv6/conf/eth0/accept_ra";
  const auto open_at = [&key](const std::string& value) {
    return node::unmet(node::wanted_sysctls(dual_stack(), "eth0"), {{key, value}}).size();
  };
  EXPECT_EQ(open_at("0"), 0U);
  EXPECT_EQ(open_at("1"), 1U);
  EXPECT_EQ(open_at("2"), 0U);
}

}  // namespace
}  // namespace agent
