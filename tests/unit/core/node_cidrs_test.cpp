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
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::automatic, {kApi}), evidence, {}, "worker-1", {}).source,
            "kubernetes");
  evidence.node = net::failure(ECONNREFUSED, "down");
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::automatic, {kApi}), evidence, {}, "worker-1", {}).source,
            "route-table");
  evidence.azure.reset();
  const auto own = decide_node_cidrs(policy(NodeCidrSource::automatic, {kApi}), evidence, {}, "worker-1", {});
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
  const auto told = decide_node_cidrs(policy(), evidence, {}, "worker-1", {});
  EXPECT_EQ(told.source, "route-table");
  EXPECT_EQ(told.cidrs, std::vector{prefix("10.244.1.0/24")});
}

/// A node that is an appliance, too: its own route, another node's, and one more that leads to it.
std::vector<net::Prefix> told_beside(const char* destination, const char* own_name = "worker-1",
                                     bool cluster_is_known = true) {
  Evidence evidence;
  evidence.azure = azure_as_it_should_be();
  auto& routes = (**evidence.azure->route_table).routes;
  routes.front().name = own_name;
  routes.push_back(routes.front());
  routes.back().name = "egress";
  routes.back().prefix = prefix(destination);
  auto configured = policy();
  if (!cluster_is_known) configured.cluster_cidrs = {};
  return decide_node_cidrs(configured, evidence, {}, "worker-1", {}).cidrs;
}

TEST(NodeCidrs, AnApplianceIsNotTheOwnerOfWhatIsLedThroughIt) {
  const auto own = std::vector{kApi};
  for (const auto* destination : {"10.244.0.0/16", "10.244.0.0/17", "10.244.128.0/17", "10.0.0.0/8"}) {
    EXPECT_EQ(told_beside(destination), own) << destination;
    EXPECT_EQ(told_beside(destination, "by-hand"), own) << destination;
    EXPECT_EQ(told_beside(destination, "worker-1", false), own) << destination;
    EXPECT_TRUE(told_beside(destination, "by-hand", false).empty()) << "which one is a node's is not known";
  }
  EXPECT_EQ(told_beside("10.244.9.0/24"), own) << "by its name";
  EXPECT_TRUE(told_beside("10.244.9.0/24", "by-hand").empty()) << "of two nothing can be told";
}

TEST(NodeCidrs, WhatHoldsAnotherNodesRouteIsNoNodes) {
  Evidence evidence;
  evidence.azure = azure_as_it_should_be();
  auto& routes = (**evidence.azure->route_table).routes;
  routes.front().name = "egress";
  routes.front().prefix = prefix("10.244.0.0/20");
  routes.push_back(routes.at(1));  // another node's next hop, by a range as wide
  routes.back().prefix = prefix("10.244.64.0/20");
  ASSERT_TRUE(routes.front().prefix->contains(*routes.at(1).prefix));
  EXPECT_TRUE(decide_node_cidrs(policy(), evidence, {}, "worker-1", {}).cidrs.empty());
}

TEST(NodeCidrs, ARouteToOneAddressOfItsPodsLeavesTheNodesOwn) {
  Evidence evidence;
  evidence.azure = azure_as_it_should_be();
  auto& routes = (**evidence.azure->route_table).routes;
  routes.push_back(routes.back());  // another node's next hop
  routes.back().name = "gateway-in-a-pod";
  routes.back().prefix = prefix("10.244.1.77/32");
  for (const auto* name : {"worker-1", "by-hand"}) {
    routes.front().name = name;
    EXPECT_EQ(decide_node_cidrs(policy(), evidence, {}, "worker-1", {}).cidrs, std::vector{kApi}) << name;
  }
}

TEST(NodeCidrs, WhatWasKeptIsBelievedNoMoreThanWhatIsTold) {
  NodeCidrs before{.cidrs = {prefix("10.244.0.0/16")}, .source = "route-table"};
  EXPECT_TRUE(decide_node_cidrs(policy(), {}, {}, "worker-1", before).cidrs.empty());
  before.cidrs = {kApi};
  EXPECT_EQ(decide_node_cidrs(policy(), {}, {}, "worker-1", before).cidrs, std::vector{kApi});
  before = {.cidrs = {prefix("10.0.0.0/8")}, .source = "kubernetes"};
  EXPECT_TRUE(decide_node_cidrs(policy(), {}, {}, "worker-1", before).cidrs.empty());
  before.cidrs = {prefix("10.244.0.0/16")};
  EXPECT_FALSE(decide_node_cidrs(policy(), {}, {}, "worker-1", before).cidrs.empty())
      << "a cluster of one node";
}

TEST(NodeCidrs, OneRouteToANodeWithoutOthersTellsByItsNameAlone) {
  Evidence evidence;
  evidence.azure = azure_as_it_should_be();
  auto& routes = (**evidence.azure->route_table).routes;
  routes.resize(1);
  routes.front().prefix = prefix("10.244.128.0/17");
  routes.front().name = "egress";
  EXPECT_TRUE(decide_node_cidrs(policy(), evidence, {}, "worker-1", {}).cidrs.empty());
  routes.front().name = "Worker-1";
  EXPECT_EQ(decide_node_cidrs(policy(), evidence, {}, "worker-1", {}).cidrs,
            std::vector{prefix("10.244.128.0/17")});
  routes.front().provisioning_state = "Deleting";
  EXPECT_TRUE(decide_node_cidrs(policy(), evidence, {}, "worker-1", {}).cidrs.empty());
}

TEST(NodeCidrs, ASourceThatIsDemandedIsTheOnlyOne) {
  auto evidence = everything();
  evidence.node = net::failure(ETIMEDOUT, "slow");
  const auto told =
      decide_node_cidrs(policy(NodeCidrSource::kubernetes, {kOther}), evidence, {}, "worker-1", {});
  EXPECT_TRUE(told.cidrs.empty());
  EXPECT_EQ(told.source, "");
  EXPECT_TRUE(told.awaited);
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::static_list, {kOther}), everything(), {}, "worker-1", {})
                .cidrs,
            std::vector{kOther});
}

TEST(NodeCidrs, NoneIsWiderThanTheClusters) {
  auto evidence = everything();
  (*evidence.node)->pod_cidrs = {prefix("10.0.0.0/8")};
  const auto told = decide_node_cidrs(policy(), evidence, {}, "worker-1", {});
  EXPECT_EQ(told.source, "route-table") << "the next one that tells";
  EXPECT_EQ(told.refused,
            "spec.podCIDRs says 10.0.0.0/8, which is wider than pods.cluster_cidrs 10.244.0.0/16");
  const auto demanded = decide_node_cidrs(policy(NodeCidrSource::kubernetes), evidence, {}, "worker-1", {});
  EXPECT_TRUE(demanded.cidrs.empty());
  EXPECT_EQ(demanded.refused, told.refused);
  (*evidence.node)->pod_cidrs = {prefix("10.244.0.0/16")};
  EXPECT_EQ(decide_node_cidrs(policy(), evidence, {}, "worker-1", {}).refused, "") << "a cluster of one node";
}

TEST(NodeCidrs, ASourceThatFallsSilentKeepsItsWord) {
  auto evidence = everything();
  const auto before = decide_node_cidrs(policy(), evidence, {}, "worker-1", {});
  evidence.node = net::failure(ETIMEDOUT, "slow");
  (**evidence.azure->route_table).routes.front().prefix = kOther;
  const auto told = decide_node_cidrs(policy(), evidence, {}, "worker-1", before);
  EXPECT_EQ(told.cidrs, std::vector{kApi});
  EXPECT_EQ(told.source, "kubernetes");
  EXPECT_TRUE(told.kept);
  // The word of a source that the configuration no longer asks does not count.
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::route_table), evidence, {}, "worker-1", before).cidrs,
            std::vector{kOther});
}

TEST(NodeCidrs, ChangesAreFollowed) {
  auto evidence = everything();
  const auto before = decide_node_cidrs(policy(), evidence, {}, "worker-1", {});
  (*evidence.node)->pod_cidrs = {kOther};
  EXPECT_EQ(decide_node_cidrs(policy(), evidence, {}, "worker-1", before).cidrs, std::vector{kOther});
}

TEST(NodeCidrs, AwaitedOnlyWhileSomebodyMayStillTell) {
  EXPECT_TRUE(decide_node_cidrs(policy(), {}, {}, "worker-1", {}).awaited) << "nobody has been asked";
  Evidence evidence;
  evidence.azure = net::AzureNetwork{};
  for (const int code : {ENOKEY, EOPNOTSUPP}) {
    evidence.node = net::failure(code, "no credential that is used");
    EXPECT_FALSE(decide_node_cidrs(policy(), evidence, {}, "worker-1", {}).awaited) << code;
  }
  // A slow server, a name that does not resolve, a node that has not registered, a kubeconfig half written.
  for (const int code : {ETIMEDOUT, EHOSTUNREACH, ENOENT, EINVAL, EBADMSG}) {
    evidence.node = net::failure(code, "this time");
    EXPECT_TRUE(decide_node_cidrs(policy(), evidence, {}, "worker-1", {}).awaited) << code;
  }
  evidence.node = net::failure(ENOKEY, "no credential");
  evidence.azure->route_table = net::failure(EHOSTUNREACH, "management.azure.com does not resolve");
  EXPECT_TRUE(decide_node_cidrs(policy(), evidence, {}, "worker-1", {}).awaited);
}

TEST(NodeCidrs, WhatTheConfigurationTakesAwayIsNotAwaited) {
  const auto before = decide_node_cidrs(policy(NodeCidrSource::automatic, {kOther}), {}, {}, "worker-1", {});
  ASSERT_EQ(before.source, "static");
  EXPECT_FALSE(decide_node_cidrs(policy(), {}, {}, "worker-1", before).awaited);
}

TEST(NodeCidrs, ADisagreementShowsBoth) {
  const auto told =
      decide_node_cidrs(policy(NodeCidrSource::automatic, {kOther}), everything(), {}, "worker-1", {});
  EXPECT_EQ(told.disagreement,
            "spec.podCIDRs says 10.244.1.0/24, pods.node_cidrs in the configuration says 10.244.7.0/24");
  EXPECT_EQ(decide_node_cidrs(policy(NodeCidrSource::automatic, {kApi}), everything(), {}, "worker-1", {})
                .disagreement,
            "");
}

Surroundings with_lease(net::Result<net::FlannelLease> lease) {
  Surroundings surroundings;
  surroundings.cni.emplace().flannel_lease = std::move(lease);
  return surroundings;
}

net::FlannelLease lease_of(const net::Prefix& subnet) {
  return {.networks = {prefix("10.244.0.0/16")}, .subnets = {subnet}, .mtu = 1450, .masquerades = true};
}

Policy flannel_policy(NodeCidrSource source = NodeCidrSource::automatic) {
  auto made = policy(source);
  made.mode = Mode::flannel;
  return made;
}

TEST(NodeCidrs, FlannelTellsInItsModeAfterTheApiServer) {
  const auto surroundings = with_lease(lease_of(kOther));
  auto evidence = everything();
  EXPECT_EQ(decide_node_cidrs(flannel_policy(), evidence, surroundings, "worker-1", {}).source, "kubernetes");
  evidence.node = net::failure(ETIMEDOUT, "slow");
  const auto told = decide_node_cidrs(flannel_policy(), evidence, surroundings, "worker-1", {});
  EXPECT_EQ(told.source, "flannel");
  EXPECT_EQ(told.cidrs, std::vector{kOther});
  EXPECT_EQ(decide_node_cidrs(policy(), evidence, surroundings, "worker-1", {}).source, "route-table")
      << "in mode udr";
  EXPECT_EQ(
      decide_node_cidrs(policy(NodeCidrSource::flannel), everything(), surroundings, "worker-1", {}).cidrs,
      std::vector{kOther})
      << "in mode udr, when it is demanded";
}

TEST(NodeCidrs, FlannelsLeaseIsAwaitedUntilFlannelWritesIt) {
  const auto demanded = flannel_policy(NodeCidrSource::flannel);
  EXPECT_TRUE(decide_node_cidrs(demanded, {}, {}, "worker-1", {}).awaited) << "nobody has looked";
  const auto absent = with_lease(net::failure(ENOENT, "/run/flannel/subnet.env is not there"));
  EXPECT_TRUE(decide_node_cidrs(demanded, {}, absent, "worker-1", {}).awaited);
  EXPECT_TRUE(decide_node_cidrs(demanded, everything(), absent, "worker-1", {}).cidrs.empty())
      << "others do not count";
  const auto before = decide_node_cidrs(demanded, {}, with_lease(lease_of(kOther)), "worker-1", {});
  EXPECT_TRUE(decide_node_cidrs(demanded, {}, absent, "worker-1", before).kept) << "flanneld starts anew";
}

TEST(NodeCidrs, FlannelAgainstTheApiServerIsAnotherChecksBusiness) {
  const auto surroundings = with_lease(lease_of(kOther));
  EXPECT_EQ(decide_node_cidrs(flannel_policy(), everything(), surroundings, "worker-1", {}).disagreement, "");
  Evidence api;
  api.node = everything().node;
  EXPECT_EQ(decide_node_cidrs(flannel_policy(NodeCidrSource::flannel), api, surroundings, "worker-1", {})
                .disagreement,
            "");
  auto own = flannel_policy();
  own.node_cidrs = {kApi};
  EXPECT_EQ(
      decide_node_cidrs(own, {}, surroundings, "worker-1", {}).disagreement,
      "flannel's subnet.env says 10.244.7.0/24, pods.node_cidrs in the configuration says 10.244.1.0/24");
}

}  // namespace
}  // namespace agent
