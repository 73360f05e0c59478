#include "agent/core/keeper.h"

#include <gtest/gtest.h>

#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::address;
using testing::network;
using testing::Node;
using testing::prefix;

std::size_t batches_after(Node& node, const std::function<void()>& deed) {
  const auto before = node.kernel.batches().size();
  deed();
  node.settle();
  return node.kernel.batches().size() - before;
}

TEST(Keeper, DoesNothingBeforeTheFirstDocument) {
  Node node;
  node.kernel.add_as_stranger(testing::route("10.246.0.0/16", "10.240.0.1", node.eth0_index()));
  node.settle();
  EXPECT_TRUE(node.kernel.batches().empty());
  EXPECT_FALSE(node.ready());
  EXPECT_TRUE(node.check("imds.reachable").holds());
}

TEST(Keeper, IsReadyAfterOneDocumentAndOneBatch) {
  Node node;
  EXPECT_EQ(batches_after(node, [&] { node.reading(network()); }), 1U);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST(Keeper, ARestartAdoptsEverythingWithoutOneMessage) {
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

TEST(Keeper, PutsADeletedRouteBackAtOnceAndCountsIt) {
  Node node;
  node.reading(network());
  node.settle();
  node.kernel.remove_as_stranger(node.kernel.routes(169)->front());
  node.run_for(std::chrono::milliseconds(0));
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_EQ(node.keeper().snapshot(node.now, WallTime{}).counters.routes_repaired, 1U);
}

TEST(Keeper, NeverOverwritesAStrangersRouteAndComesBackWhenItGoes) {
  Node node;
  node.reading(network());
  node.settle();
  auto stranger = testing::route("10.244.0.0/16", "10.240.0.77", node.eth0_index(), 4);
  node.kernel.as_stranger(test_support::Meeting::replace, stranger);
  node.settle();
  EXPECT_EQ(node.routes(4).size(), 1U);
  EXPECT_TRUE(node.check("routes.in_sync").holds());
  EXPECT_NE(node.check("routes.in_sync").message.find("protocol 4"), std::string::npos);
  node.kernel.remove_as_stranger(stranger);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST(Keeper, AStrangersTwinThatLeadsTheSameWayOnlyWarns) {
  Node node;
  node.reading(network());
  node.settle();
  node.kernel.as_stranger(test_support::Meeting::replace,
                          testing::route("10.244.0.0/16", "10.240.0.1", node.eth0_index(), 4));
  node.settle();
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.check("routes.shadowed").status, CheckStatus::fail);
}

Policy six_more() {
  auto policy = Node::udr();
  std::vector<std::string> more;
  for (int i = 0; i < 6; ++i) more.push_back("10." + std::to_string(100 + i) + ".0.0/16");
  policy.cluster_cidrs = testing::with(policy.cluster_cidrs, more);
  return policy;
}

TEST(Keeper, HoldsMostRemovalsThatADocumentAsksForUntilAnotherAgrees) {
  const auto policy = six_more();
  Node node(policy);
  node.reading(network());
  node.settle();
  const auto before = node.routes();
  // Azure says that the NIC has no IPv4 address any more: every cluster route would go.
  auto without = network();
  without.nics.front().addresses = {address("fd00::4")};
  without.nics.front().subnets = {prefix("fd00::/64")};
  node.reading(without);
  node.settle();
  EXPECT_EQ(node.routes(), before);
  EXPECT_TRUE(node.reports.back().second_reading_wanted);
  node.reading(without);
  node.settle();
  EXPECT_EQ(node.routes().size(), 1U) << "only the sink is left";
}

TEST(Keeper, BelievesTheConfigurationAtOnce) {
  const auto policy = six_more();
  Node node(policy);
  node.reading(network());
  node.settle();
  node.keeper().set_policy(Node::udr(), node.now);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
}

TEST(Keeper, ChangesItsProtocolNumberInPlace) {
  Node node;
  node.reading(network());
  node.settle();
  auto policy = Node::udr();
  policy.protocol = 201;
  node.keeper().set_policy(policy, node.now);
  node.settle();
  EXPECT_TRUE(node.routes(169).empty());
  EXPECT_EQ(node.routes(201).size(), 3U);
  for (const auto& change : node.kernel.batches().back())
    EXPECT_EQ(change.verb, net::Verb::replace) << "no gap";
}

TEST(Keeper, MovesToAnotherTableAndLeavesNothingBehind) {
  Node node;
  node.reading(network());
  node.settle();
  auto policy = Node::udr();
  policy.table = 100;
  node.keeper().set_policy(policy, node.now);
  node.settle();
  const auto moved = node.kernel.routes(169);
  ASSERT_EQ(moved->size(), 3U);
  for (const auto& route : *moved) EXPECT_EQ(route.key.table, 100U);
}

TEST(Keeper, KeepsItsHandsOffWhenRoutesAreDisabled) {
  Node node;
  node.reading(network());
  node.settle();
  auto policy = Node::udr();
  policy.routes_enabled = false;
  node.keeper().set_policy(policy, node.now);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes) << "only `flush` removes";
  node.kernel.remove_as_stranger(node.kernel.routes(169)->front());
  node.settle();
  EXPECT_EQ(node.routes().size(), 2U) << "and nothing puts back";
}

TEST(Keeper, FollowsTheNicThroughRemovalAndReturn) {
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

TEST(Keeper, AStormOfForeignRoutesCostsNoLook) {
  Node node;
  node.reading(network());
  node.settle();
  const auto looks = node.kernel.calls(test_support::FakeKernel::Call::routes);
  for (int i = 0; i < 200; ++i) {
    node.kernel.add_as_stranger(
        testing::route("10." + std::to_string(i) + ".9.0/24", "10.240.0.1", node.eth0_index(), 4));
  }
  node.settle();
  EXPECT_EQ(node.kernel.calls(test_support::FakeKernel::Call::routes), looks);
}

TEST(Keeper, EnforcesForwardingAndSaysWhatItSet) {
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

TEST(Keeper, OnlyChecksForwardingUnlessToldToEnforce) {
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

TEST(Keeper, AnOutageOfImdsNeverWithdrawsReadiness) {
  Node node;
  node.reading(network());
  node.settle();
  node.keeper().take_failure("timed out");
  node.run_for(std::chrono::hours(2));
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.check("imds.reachable").status, CheckStatus::fail);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
}

}  // namespace
}  // namespace agent
