#include "agent/core/node_cidrs.h"

#include <gtest/gtest.h>

#include "tests/unit/core/healthy.h"

namespace agent {
namespace {

using testing::azure_as_it_should_be;
using testing::prefix;

const net::Prefix kApi = prefix("10.244.1.0/24");
const net::Prefix kOther = prefix("10.244.7.0/24");

Policy policy(NodeCidrSource source = NodeCidrSource::automatic, std::vector<net::Prefix> own = {}) {
  Policy policy;
  policy.cluster_cidrs = {prefix("10.244.0.0/16")};
  policy.node_cidrs = std::move(own);
  policy.node_cidr_source = source;
  return policy;
}

Evidence everything() {
  Evidence evidence;
  evidence.azure = azure_as_it_should_be();
  evidence.node = net::KubernetesNode{"worker-1", {kApi}, {}, {}};
  return evidence;
}

TEST(NodeCidrs, TheApiServerComesFirstThenTheRouteTableThenTheConfiguration) {
  auto evidence = everything();
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::automatic, {kApi}), evidence, {}).source, "kubernetes");
  evidence.node = net::failure(ECONNREFUSED, "down");
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::automatic, {kApi}), evidence, {}).source, "route-table");
  evidence.azure.reset();
  const auto own = decide_node_cidrs(policy(NodeCidrSource::automatic, {kApi}), evidence, {});
  EXPECT_EQ(own.source, "static");
  EXPECT_EQ(own.cidrs, std::vector{kApi});
  EXPECT_FALSE(own.awaited);
}

TEST(NodeCidrs, TheRouteTableTellsByItsNextHop) {
  Evidence evidence;
  evidence.azure = azure_as_it_should_be();
  auto& routes = (**evidence.azure->route_table).routes;
  routes.push_back(routes.front());
  routes.back().prefix = prefix("192.168.0.0/24");  // ours, but no pod range
  const auto told = decide_node_cidrs(policy(), evidence, {});
  EXPECT_EQ(told.source, "route-table");
  EXPECT_EQ(told.cidrs, std::vector{prefix("10.244.1.0/24")});
}

TEST(NodeCidrs, ASourceThatIsDemandedIsTheOnlyOne) {
  auto evidence = everything();
  evidence.node = net::failure(ETIMEDOUT, "slow");
  const auto told = decide_node_cidrs(policy(NodeCidrSource::kubernetes, {kOther}), evidence, {});
  EXPECT_TRUE(told.cidrs.empty());
  EXPECT_EQ(told.source, "");
  EXPECT_TRUE(told.awaited);
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::static_list, {kOther}), everything(), {}).cidrs,
            std::vector{kOther});
}

TEST(NodeCidrs, ASourceThatFallsSilentKeepsItsWord) {
  auto evidence = everything();
  const auto before = decide_node_cidrs(policy(), evidence, {});
  evidence.node = net::failure(ETIMEDOUT, "slow");
  (**evidence.azure->route_table).routes.front().prefix = kOther;
  const auto told = decide_node_cidrs(policy(), evidence, before);
  EXPECT_EQ(told.cidrs, std::vector{kApi});
  EXPECT_EQ(told.source, "kubernetes");
  EXPECT_TRUE(told.kept);
  // The word of a source that the configuration no longer asks does not count.
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::route_table), evidence, before).cidrs,
            std::vector{kOther});
}

TEST(NodeCidrs, ChangesAreFollowed) {
  auto evidence = everything();
  const auto before = decide_node_cidrs(policy(), evidence, {});
  (*evidence.node)->pod_cidrs = {kOther};
  EXPECT_EQ(decide_node_cidrs(policy(), evidence, before).cidrs, std::vector{kOther});
}

TEST(NodeCidrs, AwaitedOnlyWhileSomebodyMayStillTell) {
  EXPECT_TRUE(decide_node_cidrs(policy(), {}, {}).awaited) << "nobody has been asked";
  Evidence evidence;
  evidence.azure = net::AzureNetwork{};
  for (const int code : {ENOKEY, EOPNOTSUPP}) {
    evidence.node = net::failure(code, "no credential that is used");
    EXPECT_FALSE(decide_node_cidrs(policy(), evidence, {}).awaited) << code;
  }
  // A slow server, a name that does not resolve, a node that has not registered, a kubeconfig half written.
  for (const int code : {ETIMEDOUT, EHOSTUNREACH, ENOENT, EINVAL, EBADMSG}) {
    evidence.node = net::failure(code, "this time");
    EXPECT_TRUE(decide_node_cidrs(policy(), evidence, {}).awaited) << code;
  }
  evidence.node = net::failure(ENOKEY, "no credential");
  evidence.azure->route_table = net::failure(EHOSTUNREACH, "management.azure.com does not resolve");
  EXPECT_TRUE(decide_node_cidrs(policy(), evidence, {}).awaited);
}

TEST(NodeCidrs, WhatTheConfigurationTakesAwayIsNotAwaited) {
  const auto before = decide_node_cidrs(policy(NodeCidrSource::automatic, {kOther}), {}, {});
  ASSERT_EQ(before.source, "static");
  EXPECT_FALSE(decide_node_cidrs(policy(), {}, before).awaited);
}

TEST(NodeCidrs, ADisagreementShowsBoth) {
  const auto told = decide_node_cidrs(policy(NodeCidrSource::automatic, {kOther}), everything(), {});
  EXPECT_EQ(told.disagreement,
            "spec.podCIDRs says 10.244.1.0/24, pods.node_cidrs in the configuration says 10.244.7.0/24");
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::automatic, {kApi}), everything(), {}).disagreement, "");
}

}  // namespace
}  // namespace agent
