#include <gtest/gtest.h>

#include "tests/unit/core/healthy.h"
#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::Node;
using testing::prefix;
using namespace std::chrono_literals;

Policy without_node_cidrs() {
  auto policy = Node::udr();
  policy.node_cidrs = {};
  return policy;
}

Evidence told(std::string_view cidr) {
  Evidence evidence;
  evidence.node = net::KubernetesNode{"node", {prefix(cidr)}, {}, {}};
  return evidence;
}

bool has_sink(Node& node, std::string_view cidr) {
  const auto routes = *node.kernel.routes(169);
  return std::any_of(routes.begin(), routes.end(), [cidr](const net::Route& route) {
    return route.type == net::RouteType::blackhole && route.key.destination == prefix(cidr);
  });
}

TEST(KeeperEvidence, ACidrFromTheApiServerGetsItsSinkAndAnotherOneIsFollowed) {
  Node node(without_node_cidrs());
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_FALSE(has_sink(node, "10.244.1.0/24"));
  node.keeper().take_evidence(told("10.244.1.0/24"), node.now);
  node.run_for(1s);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24"));
  node.keeper().take_evidence(told("10.244.2.0/24"), node.now);
  node.run_for(1s);
  EXPECT_TRUE(has_sink(node, "10.244.2.0/24"));
  EXPECT_FALSE(has_sink(node, "10.244.1.0/24"));
}

TEST(KeeperEvidence, TheCidrsOfOtherNodesAreAskedForInTurns) {
  Node node;
  const auto ib0 = node.kernel.add_link("ib0");
  node.kernel.add_address(ib0, "172.16.5.1/16");
  const auto stranger = testing::route("10.244.200.0/24", "172.16.0.9", ib0, 4, 100);
  node.kernel.add_as_stranger(stranger);
  auto evidence = testing::healthy_with_evidence().evidence;
  for (int i = 3; i <= 200; ++i) {
    const auto cidr = fmt::format("10.244.{}.0/24", i);
    (*evidence.azure->route_table)
        ->routes.push_back(
            {cidr, cidr, prefix(cidr), "VirtualAppliance", testing::address("10.240.0.9"), "Succeeded"});
  }
  node.reading(testing::network());
  node.keeper().take_evidence(std::move(evidence), node.now);
  const auto look_again = [&node] {
    node.keeper().audit(node.now);
    node.run_for(1min);
    EXPECT_TRUE(node.ready());
    return node.check("routes.shadowed").status;
  };
  std::vector<CheckStatus> said;
  for (int round = 0; round < 8; ++round) said.push_back(look_again());
  const auto first = std::find(said.begin(), said.end(), CheckStatus::fail);
  EXPECT_LT(first - said.begin(), 4) << "199 of them, 64 at a time";
  EXPECT_GT(first - said.begin(), 0) << "or all of them are asked for at once";
  EXPECT_EQ(std::find(first, said.end(), CheckStatus::pass), said.end())
      << "what was found is asked for again";
  node.kernel.remove_as_stranger(stranger);
  EXPECT_EQ(look_again(), CheckStatus::pass);
}

TEST(KeeperEvidence, ASilentApiServerTakesNothingAwayNotEvenAfterARestart) {
  Node node(without_node_cidrs());
  node.reading(testing::network());
  node.keeper().take_evidence(told("10.244.1.0/24"), node.now);
  node.run_for(1s);
  Evidence silent;
  silent.node = net::failure(ETIMEDOUT, "slow");
  node.keeper().take_evidence(silent, node.now);
  node.run_for(10min);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24"));

  node.restart();
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24")) << "before anybody was asked";
  node.keeper().take_evidence(silent, node.now);
  node.run_for(10min);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24")) << "while it may still answer";
}

TEST(KeeperEvidence, AModeIsInForceThoughWhatMayBeASinkOfOursIsKept) {
  auto policy = without_node_cidrs();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.kernel.add_as_stranger(testing::blackhole("10.244.1.0/24"));  // ours, of a run before
  Evidence silent;
  silent.node = net::failure(ETIMEDOUT, "no answer");
  node.keeper().take_evidence(silent, node.now);
  node.reading(testing::network());
  node.reading(testing::network());
  node.settle();
  ASSERT_TRUE(node.ready());
  auto overlay = testing::link(0, "flannel.1", "02:00:00:00:00:31");
  overlay.kind = "vxlan";
  node.kernel.add_link(overlay);
  Surroundings surroundings;
  surroundings.cni.emplace();
  surroundings.cni->configuration = net::CniConfiguration{};
  node.keeper().take_surroundings(surroundings, node.now);
  node.run_for(2min);
  EXPECT_EQ(node.keeper().policy().mode, Mode::flannel);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24")) << "nobody has told the CIDR yet";
  EXPECT_EQ(node.check("mode.in_force").status, CheckStatus::pass);
  EXPECT_TRUE(node.ready());
}

TEST(KeeperEvidence, WhatWasKeptOverARestartIsUsedUntilTheSourceAnswers) {
  Node node(without_node_cidrs());
  node.keeper().recall({.cidrs = {prefix("10.244.1.0/24")}, .source = "kubernetes"}, std::nullopt,
                       std::nullopt, node.now);
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24"));
  EXPECT_EQ(node.keeper().snapshot(node.now, WallTime{}).pods_source, "kubernetes");
  node.keeper().take_evidence(told("10.244.2.0/24"), node.now);
  node.run_for(1s);
  EXPECT_FALSE(has_sink(node, "10.244.1.0/24"));
}

/// Azure's table without this node's route, read now, while the API server cannot be asked.
Evidence without_a_route(MonoTime now) {
  auto evidence = testing::healthy_with_evidence().evidence;
  evidence.node = net::failure(ENOKEY, "no credential");
  (**evidence.azure->route_table).routes.clear();
  evidence.azure->read_at = WallTime(std::chrono::duration_cast<WallTime::duration>(now.time_since_epoch()));
  return evidence;
}

CheckStatus node_route(Node& node) {
  const WallTime wall(std::chrono::duration_cast<WallTime::duration>(node.now.time_since_epoch()));
  node.keeper().take_evidence(without_a_route(node.now), node.now);
  for (const auto& check : node.keeper().snapshot(node.now, wall).checks) {
    if (check.id == "azure.node_route") return check.status;
  }
  return CheckStatus::skip;
}

TEST(KeeperEvidence, ACidrIsNewFromTheMomentThatItIsFirstSeen) {
  Node node;
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_EQ(node_route(node), CheckStatus::unknown);
  node.run_for(10min);
  EXPECT_EQ(node_route(node), CheckStatus::fail);
  auto moved = Node::udr();
  moved.node_cidrs = {prefix("10.244.7.0/24")};
  node.keeper().set_policy(moved, node.now);
  EXPECT_EQ(node_route(node), CheckStatus::unknown);
}

TEST(KeeperEvidence, ACidrOfBeforeARestartIsNotNew) {
  Node node(without_node_cidrs());
  node.keeper().recall({.cidrs = {prefix("10.244.1.0/24")}, .source = "kubernetes", .kept = true},
                       std::nullopt, std::nullopt, node.now);
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_EQ(node_route(node), CheckStatus::fail);
}

TEST(KeeperEvidence, WhereNobodyCanTellASinkThatIsNotWantedGoes) {
  Node node;
  node.reading(testing::network());
  node.run_for(1s);
  ASSERT_TRUE(has_sink(node, "10.244.1.0/24"));
  node.keeper().set_policy(without_node_cidrs(), node.now);
  Evidence nobody;
  nobody.azure = net::AzureNetwork{};
  nobody.node = net::failure(ENOKEY, "no credential");
  node.keeper().take_evidence(nobody, node.now);
  node.run_for(1s);
  EXPECT_FALSE(has_sink(node, "10.244.1.0/24"));
}

}  // namespace
}  // namespace agent
