// Rules of others that choose packets of pods alone: the kernel is asked as for a pod's packet.
#include "routing/pod_flows.h"

#include <gtest/gtest.h>

#include "tests/support/fake_kernel.h"
#include "tests/unit/core/build.h"

namespace agent {
namespace {

using testing::address;
using testing::prefix;
using testing::route;

/// A node with a pod, 10.244.1.5 behind cali1, and another link that leads elsewhere.
class PodFlows : public ::testing::Test {
 protected:
  PodFlows() {
    eth0_ = kernel_.add_link("eth0");
    kernel_.add_address(eth0_, "10.240.0.4/24");
    ib0_ = kernel_.add_link("ib0");
    kernel_.add_address(ib0_, "172.16.5.1/16");
    cali1_ = kernel_.add_link("cali1");
    kernel_.add_foreign(route("10.244.1.5/32", "", cali1_, 3, 0));
    wanted_ = route("10.244.0.0/16", "10.240.0.1", eth0_);
    const net::Change add{net::Verb::add, wanted_};
    EXPECT_TRUE(kernel_.apply({&add, 1})->empty());
    kernel_.add_foreign(net::Rule{100, prefix("10.244.1.0/24"), 77, 4, false});
    asked_.flow.from = address("10.244.1.5");
    asked_.flow.incoming = cali1_;
  }

  routing::RouteStatus status() {
    routing::SyncStatus sync;
    sync.routes = routing::RouteStatuses(std::vector{wanted_}, {});
    routing::look_up_flows(kernel_, rules_, {&asked_, 1}, sync);
    return sync.routes.at(0);
  }
  void drop_all_in_table_77(net::RouteType type = net::RouteType::blackhole) {
    auto all = route("0.0.0.0/0", "", 0, 4, 0, 77);
    all.type = type;
    kernel_.add_foreign(all);
  }

  test_support::FakeKernel kernel_;
  std::uint32_t eth0_ = 0;
  std::uint32_t ib0_ = 0;
  std::uint32_t cali1_ = 0;
  net::Route wanted_;
  std::vector<net::Rule> rules_;
  routing::PodFlow asked_{.flow = net::Flow(address("10.244.2.91")),
                          .elsewhere = address("10.244.2.91"),
                          .link = std::nullopt,
                          .own = address("10.240.0.4"),
                          .stands_for_all = true,
                          .rule = "rule 100 \"from 10.244.1.0/24 lookup 77\"",
                          .table = 77};
};

TEST_F(PodFlows, ThatTakeOurRouteProveNothing) {
  EXPECT_EQ(status().state, routing::RouteState::in_sync) << "table 77 is empty";
  kernel_.add_foreign(route("0.0.0.0/0", "10.240.0.1", eth0_, 4, 0, 77));
  EXPECT_EQ(status().state, routing::RouteState::in_sync) << "by the NIC, whose route table decides";
}

TEST_F(PodFlows, ThatAreDroppedFailWhereAllOfThemAre) {
  drop_all_in_table_77();
  EXPECT_EQ(status().state, routing::RouteState::failed);
  EXPECT_EQ(status().error.find("packets from 10.244.1.5 to 10.244.2.91 that rule 100 \"from 10.244.1.0/24 "
                                "lookup 77\" chooses are dropped ("),
            0U)
      << status().error;
  EXPECT_EQ(status().led_away.value().rule_table, 77U);
  asked_.stands_for_all = false;
  EXPECT_EQ(status().state, routing::RouteState::shadowed) << "others may get through";
}

TEST_F(PodFlows, ThatTakeAnotherLinkShadow) {
  kernel_.add_foreign(route("0.0.0.0/0", "172.16.0.9", ib0_, 4, 0, 77));
  EXPECT_EQ(status().state, routing::RouteState::shadowed);
  EXPECT_NE(status().error.find("via 172.16.0.9 table 77"), std::string::npos) << status().error;
}

TEST_F(PodFlows, ThatMayBeRefusedWhereTheyComeInProveNothing) {
  drop_all_in_table_77(net::RouteType::unreachable);
  EXPECT_EQ(status().state, routing::RouteState::failed);
  asked_.forwards = false;  // EHOSTUNREACH as well
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
  asked_.forwards = true;
  asked_.own = address("192.0.2.1");  // not even what needs no route of table 77
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
}

TEST_F(PodFlows, ThatGoElsewhereWithoutTheRuleTooAreNotItsDoing) {
  kernel_.add_foreign(route("10.244.2.91/32", "172.16.0.9", ib0_, 4, 0));
  drop_all_in_table_77();
  EXPECT_EQ(status().state, routing::RouteState::in_sync) << "for look_up_parts()";
}

TEST_F(PodFlows, OfTheNicSelectedForPodsAreAskedForWhereOurOwnRuleLeads) {
  rules_ = {net::Rule{16925, prefix("10.244.1.0/24"), 16925, 169, false}};
  const net::Change away{net::Verb::remove, wanted_};
  wanted_ = route("10.244.0.0/16", "10.240.0.1", eth0_, 169, 1024, 16925);
  const net::Change add{net::Verb::add, wanted_};
  const net::Change rule{net::Verb::add, rules_[0]};
  ASSERT_TRUE(kernel_.apply({{away, add, rule}})->empty());
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
  drop_all_in_table_77();
  EXPECT_EQ(status().state, routing::RouteState::failed);
}

TEST_F(PodFlows, ThatComeInHaveToLeaveByThePodsLink) {
  asked_.flow = net::Flow(address("10.244.1.5"));
  asked_.flow.from = address("10.244.2.91");
  asked_.flow.incoming = eth0_;
  asked_.link = cali1_;
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
  kernel_.add_foreign(net::Rule{90, prefix("10.244.2.0/24"), 77, 4, false});
  drop_all_in_table_77();
  EXPECT_EQ(status().state, routing::RouteState::failed);
}

}  // namespace
}  // namespace agent
