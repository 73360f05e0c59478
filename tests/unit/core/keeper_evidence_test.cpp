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
