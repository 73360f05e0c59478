#include "node/desired_routes.h"

#include <gtest/gtest.h>

#include "tests/unit/core/build.h"

namespace agent {
namespace {

using testing::address;
using testing::network;
using testing::nic;
using testing::prefix;

node::ResolvedNic resolved(bool primary = true) {
  node::ResolvedNic nic;
  nic.azure = testing::nic();
  nic.link = testing::eth0();
  nic.primary = primary;
  nic.gateway_v4 = node::Gateway{address("10.240.0.1"), false};
  return nic;
}

node::ResolvedNic dual_stack() {
  auto nic = resolved();
  nic.azure.addresses.push_back(address("fd00::4"));
  nic.azure.subnets.push_back(prefix("fd00::/64"));
  nic.gateway_v6 = node::Gateway{address("fe80::1234:5678:9abc"), true};
  return nic;
}

node::Policy udr(std::vector<std::string_view> cluster, std::vector<std::string_view> node) {
  node::Policy policy;
  policy.cluster_cidrs = testing::with({}, cluster);
  policy.node_cidrs = testing::with({}, node);
  return policy;
}

std::vector<std::string> texts(const routing::Desired& desired) {
  std::vector<std::string> lines;
  for (const auto& route : desired.routes) lines.push_back(net::route_text(route));
  for (const auto& rule : desired.rules) {
    lines.push_back("rule from " + rule.source.text() + " lookup " + std::to_string(rule.table));
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(DesiredRoutes, UdrRoutesTheClusterByTheGatewayAndSinksTheNodesOwn) {
  const auto nic = resolved();
  EXPECT_EQ(texts(node::desired_routes(udr({"10.244.0.0/16"}, {"10.244.1.0/24"}), network(), &nic)),
            (Lines{"blackhole 10.244.1.0/24 table 254 metric 1000000 protocol 169",
                   "10.244.0.0/16 via 10.240.0.1 dev #2 src 10.240.0.4 table 254 metric 1024 protocol 169"}));
}

TEST(DesiredRoutes, DualStackHasBothFamilies) {
  const auto nic = dual_stack();
  EXPECT_EQ(
      texts(node::desired_routes(udr({"10.244.0.0/16", "fd44::/48"}, {"fd44:0:0:1::/64"}), network(), &nic)),
      (Lines{"blackhole fd44:0:0:1::/64 table 254 metric 1000000 protocol 169",
             "10.244.0.0/16 via 10.240.0.1 dev #2 src 10.240.0.4 table 254 metric 1024 protocol 169",
             "fd44::/48 via fe80::1234:5678:9abc dev #2 src fd00::4 table 254 metric 1024 protocol 169"}));
}

TEST(DesiredRoutes, AFamilyWithoutAddressGetsNoRoute) {
  const auto nic = resolved();
  EXPECT_TRUE(node::desired_routes(udr({"fd44::/48"}, {}), network(), &nic).routes.empty());
}

TEST(DesiredRoutes, ANodeCidrEqualToTheClusterCidrLeavesTheSinkAlone) {
  const auto nic = resolved();
  EXPECT_EQ(texts(node::desired_routes(udr({"10.244.0.0/16"}, {"10.244.0.0/16"}), network(), &nic)),
            (Lines{"blackhole 10.244.0.0/16 table 254 metric 1000000 protocol 169"}));
}

TEST(DesiredRoutes, WithholdsWhatLiesInsideTheNicsSubnetAndMakesTheRest) {
  const auto nic = resolved();
  const auto desired =
      node::desired_routes(udr({"10.240.0.0/24", "10.244.0.0/16"}, {"10.240.0.128/25"}), network(), &nic);
  EXPECT_EQ(desired.withheld, (std::vector{prefix("10.240.0.0/24"), prefix("10.240.0.128/25")}));
  EXPECT_EQ(desired.routes.size(), 1U);
}

TEST(DesiredRoutes, WithoutANicOnlySinksAreWantedAndNothingMayGo) {
  const auto desired =
      node::desired_routes(udr({"10.244.0.0/16"}, {"10.244.1.0/24", "10.240.0.0/25"}), network(), nullptr);
  EXPECT_FALSE(desired.complete);
  EXPECT_EQ(texts(desired), (Lines{"blackhole 10.244.1.0/24 table 254 metric 1000000 protocol 169"}));
}

TEST(DesiredRoutes, ASecondaryNicHasItsOwnTableAndRules) {
  auto nic = resolved(false);
  EXPECT_EQ(texts(node::desired_routes(udr({"10.244.0.0/16"}, {"10.244.1.0/24"}), network(), &nic)),
            (Lines{"blackhole 10.244.1.0/24 table 254 metric 1000000 protocol 169",
                   "10.244.0.0/16 via 10.240.0.1 dev #2 src 10.240.0.4 table 254 metric 1024 protocol 169",
                   "throw 10.244.1.0/24 table 16925 metric 1024 protocol 169",
                   "0.0.0.0/0 via 10.240.0.1 dev #2 src 10.240.0.4 table 16925 metric 1024 protocol 169",
                   "10.244.0.0/16 via 10.240.0.1 dev #2 src 10.240.0.4 table 16925 metric 1024 protocol 169",
                   "rule from 10.244.1.0/24 lookup 16925"}));
}

TEST(DesiredRoutes, OverlaysHaveTheSinkAloneAndAzureCniNothing) {
  const auto nic = resolved();
  auto policy = udr({"10.244.0.0/16"}, {"10.244.1.0/24"});
  for (const auto mode : {node::Mode::flannel, node::Mode::calico_vxlan}) {
    policy.mode = mode;
    EXPECT_EQ(texts(node::desired_routes(policy, network(), &nic)),
              (Lines{"blackhole 10.244.1.0/24 table 254 metric 1000000 protocol 169"}));
  }
  policy.mode = node::Mode::azure_cni;
  EXPECT_TRUE(texts(node::desired_routes(policy, network(), &nic)).empty());
}

TEST(DesiredRoutes, TheSinkFollowsItsSetting) {
  const auto nic = resolved();
  auto policy = udr({}, {"10.244.1.0/24"});
  policy.local_sink = node::LocalSink::unreachable;
  EXPECT_EQ(texts(node::desired_routes(policy, network(), &nic)),
            (Lines{"unreachable 10.244.1.0/24 table 254 metric 1000000 protocol 169"}));
  policy.local_sink = node::LocalSink::none;
  EXPECT_TRUE(node::desired_routes(policy, network(), &nic).routes.empty());
}

TEST(DesiredRoutes, ASubnetOfAnyNicIsNotRoutedAway) {
  const auto policy = udr({"10.240.0.0/25", "10.244.0.0/16"}, {});  // the first is in eth0's subnet
  node::ResolvedNic second{.azure = testing::second_nic(),
                           .link = testing::eth1(),
                           .primary = false,
                           .gateway_v4 = node::Gateway{address("10.241.0.1"), false},
                           .gateway_v6 = std::nullopt};
  const auto desired =
      node::desired_routes(policy, network({testing::nic(), testing::second_nic()}), &second);
  EXPECT_EQ(desired.withheld, std::vector{prefix("10.240.0.0/25")});
}

TEST(DesiredRoutes, InModeAzureCniNothingIsWithheldForNothingIsRouted) {
  auto policy = udr({"10.240.0.0/24"}, {});
  policy.mode = node::Mode::azure_cni;
  EXPECT_TRUE(node::desired_routes(policy, network(), nullptr).withheld.empty());
}

}  // namespace
}  // namespace agent
