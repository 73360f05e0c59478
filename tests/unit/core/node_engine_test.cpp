#include "core/node_engine.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::address;
using testing::network;
using testing::Node;
using testing::prefix;

std::size_t batches_after(Node& node, const std::function<void()>& change) {
  const auto before = node.kernel.batches().size();
  change();
  node.settle();
  return node.kernel.batches().size() - before;
}

TEST(NodeEngine, DoesNothingBeforeTheFirstDocument) {
  Node node;
  node.kernel.add_foreign(testing::route("10.246.0.0/16", "10.240.0.1", node.eth0_index()));
  node.settle();
  EXPECT_TRUE(node.kernel.batches().empty());
  EXPECT_FALSE(node.ready());
  EXPECT_TRUE(node.check("imds.reachable").holds());
}

TEST(NodeEngine, IsReadyAfterOneDocumentAndOneBatch) {
  Node node;
  EXPECT_EQ(batches_after(node, [&] { node.reading(network()); }), 1U);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngine, ARestartAdoptsEverythingWithoutOneMessage) {
  Node node;
  node.reading(network());
  node.settle();
  EXPECT_EQ(batches_after(node,
                          [&] {
                            node.restart();
                            node.settle();
                            node.reading(network());
                          }),
            0U);
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngine, RoutesOfAProtocolNumberBeforeARestartAreItsOwnUntilNoneIsLeft) {
  Node node;
  node.reading(network());
  node.settle();
  EXPECT_EQ(node.engine().protocols(), std::vector<std::uint8_t>{169});
  auto policy = Node::udr();
  policy.protocol = 99;
  policy.cluster_cidrs = {prefix("10.246.0.0/16")};
  policy.node_cidrs = {prefix("10.246.1.0/24")};
  node.restart(policy);
  node.engine().take_persisted({.protocols = {169}}, node.now);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  node.reading(network());
  node.settle();
  EXPECT_EQ(node.engine().protocols(), (std::vector<std::uint8_t>{169, 99})) << "kept over another restart";
  EXPECT_EQ(node.routes(99).size(), 2U);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes) << "a removal waits for a second reading";
  node.reading(network());
  node.settle();
  EXPECT_EQ(node.routes(99).size(), 2U);
  EXPECT_EQ(node.routes(), std::vector<std::string>{});
  EXPECT_EQ(node.engine().protocols(), std::vector<std::uint8_t>{99});
}

/// A node that is ready, and then may not touch routes any more.
struct Disabled {
  Node node;
  node::Policy policy = Node::udr();

  Disabled() {
    node.reading(network());
    node.reading(network());
    node.settle();
    policy.routes_enabled = false;
    node.engine().set_policy(policy, node.now);
    node.settle();
  }
};

TEST(NodeEngine, AProtocolNumberThatChangesWhileRoutesAreDisabledIsNotForgotten) {
  Disabled disabled;
  auto& [node, policy] = disabled;
  policy.routes_enabled = true;
  policy.protocol = 99;
  node.engine().set_policy(policy, node.now);
  node.settle();
  EXPECT_EQ(node.routes(99).size(), 3U);
  EXPECT_TRUE(node.routes().empty());
}

TEST(NodeEngine, PutsADeletedRouteBackAtOnceAndCountsIt) {
  Node node;
  node.reading(network());
  node.settle();
  node.kernel.remove_foreign(node.kernel.routes(169)->front());
  node.run_for(std::chrono::milliseconds(0));
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_EQ(node.engine().snapshot(node.now, net::WallTime{}).counters.routes_repaired, 1U);
}

TEST(NodeEngine, WhatTheConfigurationWantsOtherwiseIsNoRepair) {
  Node node;
  node.reading(network());
  node.settle();
  const auto as_blackhole = node.routes();
  auto policy = node.engine().policy();
  policy.local_sink = node::LocalSink::unreachable;
  node.engine().set_policy(policy, node.now);
  node.settle();
  EXPECT_NE(node.routes(), as_blackhole);
  EXPECT_EQ(node.engine().snapshot(node.now, net::WallTime{}).counters.routes_repaired, 0U);
}

TEST(NodeEngine, NeverOverwritesAForeignRouteAndComesBackWhenItGoes) {
  Node node;
  node.reading(network());
  node.settle();
  auto foreign = testing::route("10.244.0.0/16", "10.240.0.77", node.eth0_index(), 4);
  node.kernel.as_foreign(test_support::Meeting::replace, foreign);
  node.settle();
  EXPECT_EQ(node.routes(4).size(), 1U);
  EXPECT_TRUE(node.check("routes.in_sync").holds());
  EXPECT_NE(node.check("routes.in_sync").message.find("protocol 4"), std::string::npos);
  node.kernel.remove_foreign(foreign);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngine, AForeignTwinThatLeadsTheSameWayOnlyWarns) {
  Node node;
  node.reading(network());
  node.settle();
  node.kernel.as_foreign(test_support::Meeting::replace,
                         testing::route("10.244.0.0/16", "10.240.0.1", node.eth0_index(), 4));
  node.settle();
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.check("routes.shadowed").status, checks::CheckStatus::fail);
}

node::Policy six_more() {
  auto policy = Node::udr();
  std::vector<std::string> more;
  for (int i = 0; i < 6; ++i) more.push_back("10." + std::to_string(100 + i) + ".0.0/16");
  policy.cluster_cidrs = testing::with(policy.cluster_cidrs, more);
  return policy;
}

TEST(NodeEngine, ARouteByWhichTheKernelDoesNotSendIsNotInSync) {
  Node node;
  node.reading(network());
  node.settle();
  node.kernel.as_foreign(test_support::Meeting::prepend,
                         testing::route("10.244.0.0/16", "10.240.0.99", node.eth0_index(), 4));
  node.settle();
  EXPECT_FALSE(node.ready());
  EXPECT_EQ(node.check("routes.in_sync").status, checks::CheckStatus::fail);
  EXPECT_NE(node.check("routes.in_sync").message.find("protocol 4"), std::string::npos);
}

TEST(NodeEngine, ARuleOfOthersThatLeadsElsewhereWarnsAndNamesItsTable) {
  Node node;
  node.reading(network());
  node.settle();
  node.kernel.add_foreign(testing::route("10.244.0.0/16", "10.240.0.99", node.eth0_index(), 4, 0, 52));
  node.kernel.add_foreign(net::Rule{5270, prefix("0.0.0.0/0"), 52, 0, false});
  node.settle();
  EXPECT_TRUE(node.ready()) << "a warning and no gate";
  EXPECT_EQ(node.check("routes.in_sync").status, checks::CheckStatus::unknown);
  EXPECT_EQ(node.check("routes.shadowed").status, checks::CheckStatus::fail);
  EXPECT_NE(node.check("routes.shadowed").message.find("table 52"), std::string::npos);
}

TEST(NodeEngine, NextHopsOfOthersSurviveHealingAndAreNamed) {
  Node node(testing::with_ipv6(Node::udr()));
  node.give_ipv6();
  node.reading(testing::dual_stack_network());
  node.settle();
  ASSERT_TRUE(node.ready());
  const auto foreign = testing::route("fd44::/48", "fe80::99", node.eth0_index(), 4);
  node.kernel.as_foreign(test_support::Meeting::append, foreign);
  node.settle();
  const std::vector<net::Prefix> destination = {prefix("fd44::/48")};
  EXPECT_EQ(node.kernel.routes_to(254, destination)->size(), 2U) << "both are there";
  EXPECT_TRUE(node.check("routes.in_sync").holds());
  EXPECT_NE(node.check("routes.in_sync").message.find("next hop of others"), std::string::npos);
  node.kernel.remove_foreign(foreign);
  node.settle();
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngine, RepairsARouteOfOursThatSomebodyGaveMore) {
  Node node;
  node.reading(network());
  node.settle();
  auto altered = testing::route("10.244.0.0/16", "10.240.0.1", node.eth0_index());
  altered.source = address("10.240.0.4");
  altered.extra_attributes = true;
  node.kernel.as_foreign(test_support::Meeting::replace, altered);
  node.settle();
  const auto routes = node.kernel.routes(169).value();
  for (const auto& route : routes) EXPECT_FALSE(route.extra_attributes);
}

TEST(NodeEngine, BelievesTheConfigurationAtOnce) {
  const auto policy = six_more();
  Node node(policy);
  node.reading(network());
  node.settle();
  node.engine().set_policy(Node::udr(), node.now);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
}

TEST(NodeEngine, ChangesItsProtocolNumberInPlace) {
  Node node;
  node.reading(network());
  node.settle();
  auto policy = Node::udr();
  policy.protocol = 201;
  node.engine().set_policy(policy, node.now);
  node.settle();
  EXPECT_TRUE(node.routes(169).empty());
  EXPECT_EQ(node.routes(201).size(), 3U);
  for (const auto& change : node.kernel.batches().back())
    EXPECT_EQ(change.verb, net::Verb::replace) << "no gap";
}

TEST(NodeEngine, MovesToAnotherTableAndLeavesNothingBehind) {
  Node node;
  node.reading(network());
  node.settle();
  auto policy = Node::udr();
  policy.table = 100;
  node.engine().set_policy(policy, node.now);
  node.settle();
  const auto moved = node.kernel.routes(169);
  ASSERT_EQ(moved->size(), 3U);
  for (const auto& route : *moved) EXPECT_EQ(route.key.table, 100U);
}

TEST(NodeEngine, KeepsItsHandsOffWhenRoutesAreDisabled) {
  Disabled disabled;
  auto& node = disabled.node;
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes) << "only `flush` removes";
  node.kernel.remove_foreign(node.kernel.routes(169)->front());
  node.settle();
  EXPECT_EQ(node.routes().size(), 2U) << "and nothing puts back";
}

TEST(NodeEngine, FollowsTheNicThroughRemovalAndReturn) {
  Node node;
  node.reading(network());
  node.settle();
  node.kernel.remove_link(node.eth0_index());
  node.settle();
  EXPECT_TRUE(node.check("nic.found").holds());
  EXPECT_EQ(node.routes().size(), 1U) << "the sink stays";
  auto nic = testing::eth0();
  nic.index = 0;
  nic.addresses.clear();
  node.kernel.add_address(node.kernel.add_link(nic), "10.240.0.4/24");
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngine, AStormOfForeignRoutesCostsNoLook) {
  Node node;
  node.reading(network());
  node.settle();
  using Call = test_support::FakeKernel::Call;
  static constexpr std::array kEverything = {Call::links, Call::routes, Call::routes_to,
                                             Call::rules, Call::lookup, Call::apply};
  const auto calls = [&node] {
    std::vector<std::size_t> counts;
    for (const auto call : kEverything) counts.push_back(node.kernel.calls(call));
    return counts;
  };
  const auto before = calls();
  for (int i = 0; i < 200; ++i) {
    node.kernel.add_foreign(
        testing::route("10." + std::to_string(i) + ".9.0/24", "10.240.0.1", node.eth0_index(), 4));
  }
  node.settle();
  EXPECT_EQ(calls(), before);
}

TEST(NodeEngine, EnforcesForwardingAndSaysWhatItSet) {
  auto policy = Node::udr();
  policy.enforce_sysctls = true;
  Node node(policy);
  node.sysctls.values["net/ipv4/ip_forward"] = "0";
  node.reading(network());
  node.settle();
  EXPECT_EQ(node.sysctls.values["net/ipv4/ip_forward"], "1");
  EXPECT_TRUE(node.ready());
  node.sysctls.values["net/ipv4/conf/eth0/forwarding"] = "0";
  node.kernel.change_settings(node.eth0_index());
  node.settle();
  EXPECT_EQ(node.sysctls.writes.back().first, "net/ipv4/conf/eth0/forwarding");
}

TEST(NodeEngine, OnlyChecksForwardingUnlessToldToEnforce) {
  Node node;
  node.sysctls.values["net/ipv4/ip_forward"] = "0";
  node.reading(network());
  node.settle();
  EXPECT_TRUE(node.sysctls.writes.empty());
  EXPECT_FALSE(node.ready());
  node.sysctls.values["net/ipv4/ip_forward"] = "1";
  node.kernel.change_settings();
  node.settle();
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngine, AnOutageOfImdsNeverWithdrawsReadiness) {
  Node node;
  node.reading(network());
  node.settle();
  node.engine().take_failure("timed out");
  node.run_for(std::chrono::hours(2));
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.check("imds.reachable").status, checks::CheckStatus::fail);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
}

TEST(NodeEngine, ARuleOfOthersThatDropsPodsPacketsHoldsTheGate) {
  testing::Node node;
  const auto pod_link = node.kernel.add_link("cali1");
  const auto to_pod = testing::route("10.244.1.5/32", "", pod_link, 3, 0);
  node.kernel.add_foreign(to_pod);
  auto all = testing::blackhole("0.0.0.0/0", 0);
  all.protocol = 4;
  all.key.table = 77;
  node.kernel.add_foreign(all);
  node.reading(network());
  node.settle();
  ASSERT_EQ(node.check("routes.in_sync").status, checks::CheckStatus::pass);

  node.kernel.add_foreign(net::Rule{100, testing::prefix("10.244.1.0/24"), 77, 4, false});
  observed::DataPlane plane;
  plane.routes = {to_pod};
  plane.rules_before_main = {{.priority = 100,
                              .source = testing::prefix("10.244.1.0/24"),
                              .destination = testing::prefix("0.0.0.0/0"),
                              .iif = "",
                              .table = 77,
                              .protocol = 4}};
  observed::NodeEnvironment environment;
  environment.data_plane = plane;
  node.run_for(std::chrono::seconds(1));
  node.engine().take_environment(environment, node.now);
  node.run_for(std::chrono::seconds(1));
  EXPECT_EQ(node.check("routes.in_sync").status, checks::CheckStatus::fail)
      << node.check("routes.in_sync").message;
  EXPECT_FALSE(node.ready());
}

}  // namespace
}  // namespace agent
