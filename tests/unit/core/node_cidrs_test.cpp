#include "node/node_cidrs.h"

#include <gtest/gtest.h>

#include "tests/unit/core/healthy.h"

namespace agent {
namespace {

using testing::azure_as_it_should_be;
using testing::prefix;

const net::Prefix kApi = prefix("10.244.1.0/24");
const net::Prefix kOther = prefix("10.244.7.0/24");

node::Policy policy(node::NodeCidrSource source = node::NodeCidrSource::automatic,
                    std::vector<net::Prefix> own = {}) {
  node::Policy policy;
  policy.cluster_cidrs = {prefix("10.244.0.0/16")};
  policy.node_cidrs = std::move(own);
  policy.node_cidr_source = source;
  return policy;
}

observed::CloudState everything() {
  observed::CloudState cloud_state;
  cloud_state.azure = azure_as_it_should_be();
  cloud_state.node = observed::KubernetesNode{"worker-1", {kApi}, {}, {}};
  return cloud_state;
}

TEST(NodeCidrs, TheApiServerComesFirstThenTheRouteTableThenTheConfiguration) {
  auto cloud_state = everything();
  EXPECT_EQ(node::decide_node_cidrs(policy(node::NodeCidrSource::automatic, {kApi}), cloud_state, {},
                                    "worker-1", {})
                .source,
            "kubernetes");
  cloud_state.node = net::failure(ECONNREFUSED, "down");
  EXPECT_EQ(node::decide_node_cidrs(policy(node::NodeCidrSource::automatic, {kApi}), cloud_state, {},
                                    "worker-1", {})
                .source,
            "route-table");
  cloud_state.azure.reset();
  const auto own = node::decide_node_cidrs(policy(node::NodeCidrSource::automatic, {kApi}), cloud_state, {},
                                           "worker-1", {});
  EXPECT_EQ(own.source, "static");
  EXPECT_EQ(own.cidrs, std::vector{kApi});
  EXPECT_FALSE(own.awaited);
}

TEST(NodeCidrs, TheRouteTableTellsByItsNextHop) {
  observed::CloudState cloud_state;
  cloud_state.azure = azure_as_it_should_be();
  auto& routes = (**cloud_state.azure->route_table).routes;
  routes.push_back(routes.front());
  routes.back().prefix = prefix("192.168.0.0/24");  // ours, but no pod range
  const auto told = node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {});
  EXPECT_EQ(told.source, "route-table");
  EXPECT_EQ(told.cidrs, std::vector{prefix("10.244.1.0/24")});
}

/// A node that is an appliance, too: its own route, another node's, and one more that leads to it.
std::vector<net::Prefix> told_beside(const char* destination, const char* own_name = "worker-1",
                                     bool cluster_is_known = true) {
  observed::CloudState cloud_state;
  cloud_state.azure = azure_as_it_should_be();
  auto& routes = (**cloud_state.azure->route_table).routes;
  routes.front().name = own_name;
  routes.push_back(routes.front());
  routes.back().name = "egress";
  routes.back().prefix = prefix(destination);
  auto configured = policy();
  if (!cluster_is_known) configured.cluster_cidrs = {};
  return node::decide_node_cidrs(configured, cloud_state, {}, "worker-1", {}).cidrs;
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
  observed::CloudState cloud_state;
  cloud_state.azure = azure_as_it_should_be();
  auto& routes = (**cloud_state.azure->route_table).routes;
  routes.front().name = "egress";
  routes.front().prefix = prefix("10.244.0.0/20");
  routes.push_back(routes.at(1));  // another node's next hop, by a range as wide
  routes.back().prefix = prefix("10.244.64.0/20");
  ASSERT_TRUE(routes.front().prefix->contains(*routes.at(1).prefix));
  EXPECT_TRUE(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {}).cidrs.empty());
}

TEST(NodeCidrs, ARouteToOneAddressOfItsPodsLeavesTheNodesOwn) {
  observed::CloudState cloud_state;
  cloud_state.azure = azure_as_it_should_be();
  auto& routes = (**cloud_state.azure->route_table).routes;
  routes.push_back(routes.back());  // another node's next hop
  routes.back().name = "gateway-in-a-pod";
  routes.back().prefix = prefix("10.244.1.77/32");
  for (const auto* name : {"worker-1", "by-hand"}) {
    routes.front().name = name;
    EXPECT_EQ(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {}).cidrs, std::vector{kApi})
        << name;
  }
}

TEST(NodeCidrs, WhatWasKeptIsBelievedNoMoreThanWhatIsTold) {
  node::NodeCidrs before{.cidrs = {prefix("10.244.0.0/16")}, .source = "route-table"};
  EXPECT_TRUE(node::decide_node_cidrs(policy(), {}, {}, "worker-1", before).cidrs.empty());
  before.cidrs = {kApi};
  EXPECT_EQ(node::decide_node_cidrs(policy(), {}, {}, "worker-1", before).cidrs, std::vector{kApi});
  before = {.cidrs = {prefix("10.0.0.0/8")}, .source = "kubernetes"};
  EXPECT_TRUE(node::decide_node_cidrs(policy(), {}, {}, "worker-1", before).cidrs.empty());
  before.cidrs = {prefix("10.244.0.0/16")};
  EXPECT_FALSE(node::decide_node_cidrs(policy(), {}, {}, "worker-1", before).cidrs.empty())
      << "a cluster of one node";
}

TEST(NodeCidrs, OneRouteToANodeWithoutOthersTellsByItsNameAlone) {
  observed::CloudState cloud_state;
  cloud_state.azure = azure_as_it_should_be();
  auto& routes = (**cloud_state.azure->route_table).routes;
  routes.resize(1);
  routes.front().prefix = prefix("10.244.128.0/17");
  routes.front().name = "egress";
  EXPECT_TRUE(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {}).cidrs.empty());
  routes.front().name = "Worker-1";
  EXPECT_EQ(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {}).cidrs,
            std::vector{prefix("10.244.128.0/17")});
  routes.front().provisioning_state = "Deleting";
  EXPECT_TRUE(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {}).cidrs.empty());
}

TEST(NodeCidrs, ASourceThatIsDemandedIsTheOnlyOne) {
  auto cloud_state = everything();
  cloud_state.node = net::failure(ETIMEDOUT, "slow");
  const auto told = node::decide_node_cidrs(policy(node::NodeCidrSource::kubernetes, {kOther}), cloud_state,
                                            {}, "worker-1", {});
  EXPECT_TRUE(told.cidrs.empty());
  EXPECT_EQ(told.source, "");
  EXPECT_TRUE(told.awaited);
  EXPECT_EQ(node::decide_node_cidrs(policy(node::NodeCidrSource::static_list, {kOther}), everything(), {},
                                    "worker-1", {})
                .cidrs,
            std::vector{kOther});
}

TEST(NodeCidrs, NoneIsWiderThanTheClusters) {
  auto cloud_state = everything();
  (*cloud_state.node)->pod_cidrs = {prefix("10.0.0.0/8")};
  const auto told = node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {});
  EXPECT_EQ(told.source, "route-table") << "the next one that tells";
  EXPECT_EQ(told.refused,
            "spec.podCIDRs has 10.0.0.0/8, which lies outside of pods.cluster_cidrs 10.244.0.0/16");
  const auto demanded =
      node::decide_node_cidrs(policy(node::NodeCidrSource::kubernetes), cloud_state, {}, "worker-1", {});
  EXPECT_TRUE(demanded.cidrs.empty());
  EXPECT_EQ(demanded.refused, told.refused);
  (*cloud_state.node)->pod_cidrs = {prefix("10.244.0.0/16")};
  EXPECT_EQ(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {}).refused, "")
      << "a cluster of one node";
}

TEST(NodeCidrs, NoneLiesBesideTheClusters) {
  auto cloud_state = everything();
  for (const auto* other : {"10.99.3.0/24", "169.254.169.0/24", "10.240.0.0/16"}) {
    (*cloud_state.node)->pod_cidrs = {prefix(other)};
    const auto told =
        node::decide_node_cidrs(policy(node::NodeCidrSource::kubernetes), cloud_state, {}, "worker-1", {});
    EXPECT_TRUE(told.cidrs.empty()) << other;
    EXPECT_NE(told.refused.find("lies outside of pods.cluster_cidrs 10.244.0.0/16"), std::string::npos);
  }
  (*cloud_state.node)->pod_cidrs = {prefix("10.244.7.0/24"), prefix("fd44:0:0:7::/64")};
  const auto told =
      node::decide_node_cidrs(policy(node::NodeCidrSource::kubernetes), cloud_state, {}, "worker-1", {});
  EXPECT_EQ(told.refused, "") << "no cluster CIDR of IPv6 is known";
  EXPECT_EQ(told.cidrs.size(), 2U);
}

TEST(NodeCidrs, ASourceThatFallsSilentKeepsItsWord) {
  auto cloud_state = everything();
  const auto before = node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {});
  cloud_state.node = net::failure(ETIMEDOUT, "slow");
  (**cloud_state.azure->route_table).routes.front().prefix = kOther;
  const auto told = node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", before);
  EXPECT_EQ(told.cidrs, std::vector{kApi});
  EXPECT_EQ(told.source, "kubernetes");
  EXPECT_TRUE(told.kept);
  // The word of a source that the configuration no longer asks does not count.
  EXPECT_EQ(
      node::decide_node_cidrs(policy(node::NodeCidrSource::route_table), cloud_state, {}, "worker-1", before)
          .cidrs,
      std::vector{kOther});
}

TEST(NodeCidrs, ChangesAreFollowed) {
  auto cloud_state = everything();
  const auto before = node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {});
  (*cloud_state.node)->pod_cidrs = {kOther};
  EXPECT_EQ(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", before).cidrs,
            std::vector{kOther});
}

TEST(NodeCidrs, AwaitedOnlyWhileSomebodyMayStillTell) {
  EXPECT_TRUE(node::decide_node_cidrs(policy(), {}, {}, "worker-1", {}).awaited) << "nobody has been asked";
  observed::CloudState cloud_state;
  cloud_state.azure = observed::AzureNetwork{};
  for (const int code : {ENOKEY, EOPNOTSUPP}) {
    cloud_state.node = net::failure(code, "no credential that is used");
    EXPECT_FALSE(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {}).awaited) << code;
  }
  // A slow server, a name that does not resolve, a node that has not registered, a kubeconfig half written.
  for (const int code : {ETIMEDOUT, EHOSTUNREACH, ENOENT, EINVAL, EBADMSG}) {
    cloud_state.node = net::failure(code, "this time");
    EXPECT_TRUE(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {}).awaited) << code;
  }
  cloud_state.node = net::failure(ENOKEY, "no credential");
  cloud_state.azure->route_table = net::failure(EHOSTUNREACH, "management.azure.com does not resolve");
  EXPECT_TRUE(node::decide_node_cidrs(policy(), cloud_state, {}, "worker-1", {}).awaited);
}

TEST(NodeCidrs, WhatTheConfigurationTakesAwayIsNotAwaited) {
  const auto before =
      node::decide_node_cidrs(policy(node::NodeCidrSource::automatic, {kOther}), {}, {}, "worker-1", {});
  ASSERT_EQ(before.source, "static");
  EXPECT_FALSE(node::decide_node_cidrs(policy(), {}, {}, "worker-1", before).awaited);
}

TEST(NodeCidrs, ADisagreementShowsBoth) {
  const auto told = node::decide_node_cidrs(policy(node::NodeCidrSource::automatic, {kOther}), everything(),
                                            {}, "worker-1", {});
  EXPECT_EQ(told.disagreement,
            "spec.podCIDRs has 10.244.1.0/24, pods.node_cidrs in the configuration has 10.244.7.0/24");
  EXPECT_EQ(node::decide_node_cidrs(policy(node::NodeCidrSource::automatic, {kApi}), everything(), {},
                                    "worker-1", {})
                .disagreement,
            "");
}

observed::NodeEnvironment with_lease(net::Result<observed::FlannelLease> lease) {
  observed::NodeEnvironment environment;
  environment.cni.emplace().flannel_lease = std::move(lease);
  return environment;
}

observed::FlannelLease lease_of(const net::Prefix& subnet) {
  return {.networks = {prefix("10.244.0.0/16")}, .subnets = {subnet}, .mtu = 1450, .masquerades = true};
}

node::Policy flannel_policy(node::NodeCidrSource source = node::NodeCidrSource::automatic) {
  auto made = policy(source);
  made.mode = node::Mode::flannel;
  return made;
}

TEST(NodeCidrs, FlannelTellsInItsModeAfterTheApiServer) {
  const auto environment = with_lease(lease_of(kOther));
  auto cloud_state = everything();
  EXPECT_EQ(node::decide_node_cidrs(flannel_policy(), cloud_state, environment, "worker-1", {}).source,
            "kubernetes");
  cloud_state.node = net::failure(ETIMEDOUT, "slow");
  const auto told = node::decide_node_cidrs(flannel_policy(), cloud_state, environment, "worker-1", {});
  EXPECT_EQ(told.source, "flannel");
  EXPECT_EQ(told.cidrs, std::vector{kOther});
  EXPECT_EQ(node::decide_node_cidrs(policy(), cloud_state, environment, "worker-1", {}).source, "route-table")
      << "in mode udr";
  EXPECT_EQ(node::decide_node_cidrs(policy(node::NodeCidrSource::flannel), everything(), environment,
                                    "worker-1", {})
                .cidrs,
            std::vector{kOther})
      << "in mode udr, when it is demanded";
}

TEST(NodeCidrs, FlannelsLeaseIsAwaitedUntilFlannelWritesIt) {
  const auto demanded = flannel_policy(node::NodeCidrSource::flannel);
  EXPECT_TRUE(node::decide_node_cidrs(demanded, {}, {}, "worker-1", {}).awaited) << "nobody has looked";
  const auto absent = with_lease(net::failure(ENOENT, "/run/flannel/subnet.env is not there"));
  EXPECT_TRUE(node::decide_node_cidrs(demanded, {}, absent, "worker-1", {}).awaited);
  EXPECT_TRUE(node::decide_node_cidrs(demanded, everything(), absent, "worker-1", {}).cidrs.empty())
      << "others do not count";
  const auto before = node::decide_node_cidrs(demanded, {}, with_lease(lease_of(kOther)), "worker-1", {});
  EXPECT_TRUE(node::decide_node_cidrs(demanded, {}, absent, "worker-1", before).kept)
      << "flanneld starts anew";
}

TEST(NodeCidrs, FlannelAgainstTheApiServerIsAnotherChecksBusiness) {
  const auto environment = with_lease(lease_of(kOther));
  EXPECT_EQ(node::decide_node_cidrs(flannel_policy(), everything(), environment, "worker-1", {}).disagreement,
            "");
  observed::CloudState api;
  api.node = everything().node;
  EXPECT_EQ(
      node::decide_node_cidrs(flannel_policy(node::NodeCidrSource::flannel), api, environment, "worker-1", {})
          .disagreement,
      "");
  auto own = flannel_policy();
  own.node_cidrs = {kApi};
  EXPECT_EQ(node::decide_node_cidrs(own, {}, environment, "worker-1", {}).disagreement,
            "flannel's subnet.env has 10.244.7.0/24, pods.node_cidrs in the configuration has 10.244.1.0/24");
}

}  // namespace
}  // namespace agent
