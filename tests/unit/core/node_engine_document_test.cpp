// What the engine makes of IMDS's documents and of NICs that come and go.
#include <gtest/gtest.h>

#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::address;
using testing::network;
using testing::Node;
using testing::prefix;

TEST(NodeEngineDocument, AnAnswerWithoutTheNicsAddressTakesNoRouteAway) {
  Node node;
  node.reading(network());
  node.settle();
  auto without = network();
  without.nics.front().addresses = {address("fd00::4")};
  without.nics.front().subnets = {prefix("fd00::/64")};
  for (int i = 0; i < 2; ++i) {
    node.reading(without);
    node.settle();
    EXPECT_EQ(node.routes(), testing::kHealthyRoutes) << "eth0 has its address all the time";
    EXPECT_TRUE(node.ready());
    EXPECT_TRUE(node.reports.back().another_reading_wanted);
  }
  node.reading(network());
  node.settle();
  EXPECT_FALSE(node.reports.back().another_reading_wanted);
}

TEST(NodeEngineDocument, HoldsTheOneRemovalThatADocumentAsksForUntilAnotherAgrees) {
  Node node;
  node.reading(network());
  node.settle();
  // The VM's subnet is a larger one now, and one of the cluster's CIDRs lies in it: its route is not wanted.
  auto moved = network();
  moved.nics.front().subnets = {prefix("10.240.0.0/24"), prefix("10.245.0.0/16")};
  node.reading(moved);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.reports.back().another_reading_wanted);
  node.reading(moved);
  node.settle();
  EXPECT_EQ(node.routes().size(), 2U);
}

TEST(NodeEngineDocument, AnAnswerThatSaysTheSameAgainIsNoReasonToDump) {
  using Call = test_support::FakeKernel::Call;
  Node node;
  for (int i = 0; i < 2; ++i) node.minute(network());
  const auto dumps_seen = [&node] {
    return node.kernel.calls(Call::routes) + node.kernel.calls(Call::links);
  };
  const auto dumps = dumps_seen();
  const auto lookups = node.kernel.calls(Call::lookup);
  node.minute(network());
  EXPECT_EQ(dumps_seen(), dumps);
  EXPECT_GT(node.kernel.calls(Call::lookup), lookups);
  node.engine().request_full_resync(node.now);
  node.settle();
  EXPECT_GT(dumps_seen(), dumps) << "once in routes.resync_interval all is dumped";
}

TEST(NodeEngineDocument, WithTheNextAnswerALongerPrefixOfOthersIsSeenToComeAndToGo) {
  Node node;
  const auto elsewhere = node.kernel.add_link("gre1");
  for (int i = 0; i < 2; ++i) node.minute(network());
  ASSERT_EQ(node.check("routes.shadowed").status, checks::CheckStatus::pass);
  // No route to a destination of ours, so that no notification about it is read.
  const auto longer = testing::route("10.244.0.0/17", "", elsewhere, 4);
  node.kernel.add_foreign(longer);
  node.minute(network());
  EXPECT_NE(node.check("routes.shadowed").status, checks::CheckStatus::pass);
  node.kernel.remove_foreign(longer);
  node.minute(network());
  EXPECT_EQ(node.check("routes.shadowed").status, checks::CheckStatus::pass);
}

TEST(NodeEngineDocument, WithTheNextAnswerASettingIsSeenOfWhichNothingTells) {
  Node node;
  for (int i = 0; i < 2; ++i) node.minute(network());
  ASSERT_TRUE(node.ready());
  node.sysctls.values["net/ipv4/ip_forward"] = "0";
  node.minute(network());
  EXPECT_FALSE(node.ready());
  node.sysctls.values["net/ipv4/ip_forward"] = "1";
  node.minute(network());
  EXPECT_TRUE(node.ready());
}

observed::NodeNetwork both_nics() { return network({testing::nic(), testing::second_nic()}); }

/// eth1 as a VM's second NIC is, with a default route of its own.
std::uint32_t add_second_nic(Node& node) {
  auto nic = testing::eth1();
  nic.index = 0;
  nic.addresses.clear();
  const auto index = node.kernel.add_link(nic);
  node.kernel.add_address(index, "10.241.0.4/24");
  node.kernel.add_foreign(testing::route("0.0.0.0/0", "10.241.0.1", index, 16, 200));
  for (const auto* key : {"net/ipv4/conf/eth1/forwarding", "net/ipv4/conf/eth1/rp_filter"})
    node.sysctls.values[key] = "1";
  return index;
}

net::Route platform_route(std::uint32_t device, std::string_view gateway = "10.240.0.1") {
  return testing::route("169.254.169.254/32", gateway, device, 16, 100);
}

TEST(NodeEngineDocument, StaysWithThePrimaryNicWhenItsLinkGoesDown) {
  Node node;
  add_second_nic(node);
  node.kernel.add_foreign(platform_route(node.eth0_index()));
  node.reading(both_nics());
  node.settle();
  EXPECT_TRUE(node.ready());
  node.kernel.set_up(node.eth0_index(), false);
  node.settle();
  EXPECT_FALSE(node.ready());
  EXPECT_TRUE(node.check("nic.up").holds());
  EXPECT_NE(node.check("nic.up").message.find("eth0"), std::string::npos);
  EXPECT_EQ(node.routes().size(), 1U) << "none by the other NIC";
  node.kernel.set_up(node.eth0_index(), true);
  node.settle();
  EXPECT_TRUE(node.ready()) << "though DHCP has not brought the platform's routes back";
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
}

TEST(NodeEngineDocument, StaysWithThePrimaryNicWhenDhcpTakesItsAddress) {
  Node node;
  add_second_nic(node);
  node.kernel.add_foreign(platform_route(node.eth0_index()));
  node.reading(both_nics());
  node.settle();
  node.kernel.remove_address(node.eth0_index(), "10.240.0.4/24");
  node.settle();
  EXPECT_TRUE(node.check("nic.address").holds());
  EXPECT_FALSE(node.ready());
}

TEST(NodeEngineDocument, AfterABootTheOtherNicThatIsUpFirstIsNotThePrimary) {
  Node node;
  add_second_nic(node);
  node.kernel.set_up(node.eth0_index(), false);
  node.kernel.remove_address(node.eth0_index(), "10.240.0.4/24");
  node.engine().take_cached(both_nics(), "2021-02-01", net::WallTime{}, node.now);
  node.engine().take_persisted({.primary = testing::mac(testing::kMac)}, node.now);
  node.settle();
  EXPECT_FALSE(node.ready());
  EXPECT_EQ(node.engine().nic()->link.name, "eth0");
  EXPECT_EQ(node.routes().size(), 1U) << "the sink alone";
}

TEST(NodeEngineDocument, MovesToThePrimaryNicThatThePlatformsRoutesShow) {
  Node node;
  const auto eth1 = add_second_nic(node);
  node.kernel.add_foreign(platform_route(node.eth0_index()));
  node.reading(both_nics());
  node.settle();
  EXPECT_EQ(node.engine().primary(), testing::mac(testing::kMac));
  node.kernel.remove_foreign(platform_route(node.eth0_index()));
  node.settle();
  EXPECT_EQ(node.engine().primary(), testing::mac(testing::kMac)) << "no evidence for another";
  node.kernel.add_foreign(platform_route(eth1, "10.241.0.1"));
  node.settle();
  EXPECT_EQ(node.engine().primary(), testing::mac(testing::kSecondMac));
  EXPECT_EQ(node.engine().nic()->link.name, "eth1");
}

TEST(NodeEngineDocument, ALinkThatFitsTheDocumentAtHandIsTakenAtOnce) {
  Node node;
  node.reading(network({testing::second_nic()}));
  node.settle();
  EXPECT_FALSE(node.engine().network());
  EXPECT_NE(node.check("imds.reachable").message.find("00:0d:3a:f8:06:ed"), std::string::npos)
      << "the MAC that IMDS gives: " << node.check("imds.reachable").message;
  EXPECT_NE(node.check("imds.reachable").message.find("eth0 (00:0d:3a:f8:06:ec)"), std::string::npos)
      << "and the one that is here";
  add_second_nic(node);
  node.settle();
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.engine().nic()->link.name, "eth1");
}

}  // namespace
}  // namespace agent
