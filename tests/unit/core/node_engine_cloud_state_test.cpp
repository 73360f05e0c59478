#include <gtest/gtest.h>

#include "tests/unit/core/healthy.h"
#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::Node;
using testing::prefix;
using namespace std::chrono_literals;

node::Policy without_node_cidrs() {
  auto policy = Node::udr();
  policy.node_cidrs = {};
  return policy;
}

observed::CloudState told(std::string_view cidr) {
  observed::CloudState cloud_state;
  cloud_state.node = observed::KubernetesNode{"node", {prefix(cidr)}, {}, {}};
  return cloud_state;
}

bool has_sink(Node& node, std::string_view cidr) {
  const auto routes = *node.kernel.routes(169);
  return std::any_of(routes.begin(), routes.end(), [cidr](const net::Route& route) {
    return route.type == net::RouteType::blackhole && route.key.destination == prefix(cidr);
  });
}

TEST(NodeEngineCloudState, ACidrFromTheApiServerGetsItsSinkAndAnotherOneIsFollowed) {
  Node node(without_node_cidrs());
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_FALSE(has_sink(node, "10.244.1.0/24"));
  node.engine().take_cloud_state(told("10.244.1.0/24"), node.now);
  node.run_for(1s);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24"));
  node.engine().take_cloud_state(told("10.244.2.0/24"), node.now);
  node.run_for(1s);
  EXPECT_TRUE(has_sink(node, "10.244.2.0/24"));
  EXPECT_FALSE(has_sink(node, "10.244.1.0/24"));
}

TEST(NodeEngineCloudState, TheCidrsOfOtherNodesAreAskedForInTurns) {
  Node node;
  const auto ib0 = node.kernel.add_link("ib0");
  node.kernel.add_address(ib0, "172.16.5.1/16");
  const auto foreign = testing::route("10.244.200.0/24", "172.16.0.9", ib0, 4, 100);
  node.kernel.add_foreign(foreign);
  auto cloud_state = *testing::healthy_with_cloud_state().cloud_state;
  for (int i = 3; i <= 200; ++i) {
    const auto cidr = fmt::format("10.244.{}.0/24", i);
    (*cloud_state.azure->route_table)
        ->routes.push_back(
            {cidr, cidr, prefix(cidr), "VirtualAppliance", testing::address("10.240.0.9"), "Succeeded"});
  }
  node.reading(testing::network());
  node.engine().take_cloud_state(std::move(cloud_state), node.now);
  const auto look_again = [&node] {
    node.engine().request_full_resync(node.now);
    node.run_for(1min);
    EXPECT_TRUE(node.ready());
    return node.check("routes.shadowed").status;
  };
  std::vector<checks::CheckStatus> said;
  for (int round = 0; round < 8; ++round) said.push_back(look_again());
  const auto first = std::find(said.begin(), said.end(), checks::CheckStatus::fail);
  EXPECT_LT(first - said.begin(), 4) << "199 of them, 64 at a time";
  EXPECT_GT(first - said.begin(), 0) << "or all of them are asked for at once";
  EXPECT_EQ(std::find(first, said.end(), checks::CheckStatus::pass), said.end())
      << "what was found is asked for again";
  node.kernel.remove_foreign(foreign);
  EXPECT_EQ(look_again(), checks::CheckStatus::pass);
}

TEST(NodeEngineCloudState, ASilentApiServerTakesNothingAwayNotEvenAfterARestart) {
  Node node(without_node_cidrs());
  node.reading(testing::network());
  node.engine().take_cloud_state(told("10.244.1.0/24"), node.now);
  node.run_for(1s);
  observed::CloudState silent;
  silent.node = net::failure(ETIMEDOUT, "slow");
  node.engine().take_cloud_state(silent, node.now);
  node.run_for(10min);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24"));

  node.restart();
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24")) << "before anybody was asked";
  node.engine().take_cloud_state(silent, node.now);
  node.run_for(10min);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24")) << "while it may still answer";
}

TEST(NodeEngineCloudState, AModeIsInForceThoughWhatMayBeASinkOfOursIsKept) {
  auto policy = without_node_cidrs();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.kernel.add_foreign(testing::blackhole("10.244.1.0/24"));  // ours, of a run before
  observed::CloudState silent;
  silent.node = net::failure(ETIMEDOUT, "no answer");
  node.engine().take_cloud_state(silent, node.now);
  node.reading(testing::network());
  node.reading(testing::network());
  node.settle();
  ASSERT_TRUE(node.ready());
  auto overlay = testing::link(0, "flannel.1", "02:00:00:00:00:31");
  overlay.kind = "vxlan";
  node.kernel.add_link(overlay);
  observed::NodeEnvironment environment;
  environment.cni.emplace();
  environment.cni->configuration = observed::CniConfiguration{};
  node.engine().take_environment(environment, node.now);
  node.run_for(2min);
  EXPECT_EQ(node.engine().policy().mode, node::Mode::flannel);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24")) << "nobody has told the CIDR yet";
  EXPECT_EQ(node.check("mode.in_force").status, checks::CheckStatus::pass);
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngineCloudState, WhatWasKeptOverARestartIsUsedUntilTheSourceAnswers) {
  Node node(without_node_cidrs());
  node.engine().take_persisted({.node_cidrs = {.cidrs = {prefix("10.244.1.0/24")}, .source = "kubernetes"}},
                               node.now);
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_TRUE(has_sink(node, "10.244.1.0/24"));
  EXPECT_EQ(node.engine().snapshot(node.now, net::WallTime{}).pods_source, "kubernetes");
  node.engine().take_cloud_state(told("10.244.2.0/24"), node.now);
  node.run_for(1s);
  EXPECT_FALSE(has_sink(node, "10.244.1.0/24"));
}

/// Azure's table without this node's route, read now, while the API server cannot be asked.
observed::CloudState without_a_route(net::MonoTime now) {
  auto cloud_state = *testing::healthy_with_cloud_state().cloud_state;
  cloud_state.node = net::failure(ENOKEY, "no credential");
  (**cloud_state.azure->route_table).routes.clear();
  cloud_state.azure->read_at =
      net::WallTime(std::chrono::duration_cast<net::WallTime::duration>(now.time_since_epoch()));
  return cloud_state;
}

checks::CheckStatus node_route(Node& node) {
  const net::WallTime wall(std::chrono::duration_cast<net::WallTime::duration>(node.now.time_since_epoch()));
  node.engine().take_cloud_state(without_a_route(node.now), node.now);
  for (const auto& check : node.engine().snapshot(node.now, wall).checks) {
    if (check.id == "azure.node_route") return check.status;
  }
  return checks::CheckStatus::skip;
}

TEST(NodeEngineCloudState, ACidrIsNewFromTheMomentThatItIsFirstSeen) {
  Node node;
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_EQ(node_route(node), checks::CheckStatus::unknown);
  node.run_for(10min);
  EXPECT_EQ(node_route(node), checks::CheckStatus::fail);
  auto moved = Node::udr();
  moved.node_cidrs = {prefix("10.244.7.0/24")};
  node.engine().set_policy(moved, node.now);
  EXPECT_EQ(node_route(node), checks::CheckStatus::unknown);
}

TEST(NodeEngineCloudState, ACidrThatIsToldWithAnUnconfirmedDocumentConfirmsNothingOfIt) {
  Node node(without_node_cidrs());
  node.reading(testing::network());
  node.settle();
  auto moved = testing::network();
  moved.nics.front().subnets = {prefix("10.240.0.0/24"), prefix("10.245.0.0/16")};
  node.engine().take_cloud_state(told("10.244.1.0/24"), node.now);
  node.reading(moved);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes) << "10.245.0.0/16 waits for a second answer";
  node.reading(moved);
  node.settle();
  EXPECT_EQ(node.routes().size(), 2U);
}

TEST(NodeEngineCloudState, ACidrOfBeforeARestartIsNotNew) {
  Node node(without_node_cidrs());
  node.engine().take_persisted(
      {.node_cidrs = {.cidrs = {prefix("10.244.1.0/24")}, .source = "kubernetes", .kept = true}}, node.now);
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_EQ(node_route(node), checks::CheckStatus::fail);
}

TEST(NodeEngineCloudState, WhereNobodyCanTellASinkThatIsNotWantedGoes) {
  Node node;
  node.reading(testing::network());
  node.run_for(1s);
  ASSERT_TRUE(has_sink(node, "10.244.1.0/24"));
  node.engine().set_policy(without_node_cidrs(), node.now);
  observed::CloudState nobody;
  nobody.azure = observed::AzureNetwork{};
  nobody.node = net::failure(ENOKEY, "no credential");
  node.engine().take_cloud_state(nobody, node.now);
  node.run_for(1s);
  EXPECT_FALSE(has_sink(node, "10.244.1.0/24"));
}

}  // namespace
}  // namespace agent
