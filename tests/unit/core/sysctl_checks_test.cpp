#include <gtest/gtest.h>

#include "node/kernel_state.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/node_changes.h"

namespace agent {
namespace {

using testing::healthy;
using testing::healthy_dual_stack;
using testing::kRa;
using testing::set_sysctl;
using testing::use_second_nic_for_pods;

/// A default route by a router, whoever made it, on a NIC that forwards.
struct DefaultRoute {
  const char* name;
  const char* accept_ra;
  std::uint8_t protocol;
  std::uint32_t metric;
  checks::CheckStatus status;
  const char* message;
};

TEST(SysctlChecks, WhoKeepsTheIpv6DefaultRouteIsToldByProtocolAndMetric) {
  constexpr std::uint8_t kBoot = 3;
  const DefaultRoute kRoutes[] = {
      {"the kernel's", "2", kRa, 1024, checks::CheckStatus::pass, "accept_ra is 2"},
      {"the kernel's, of before forwarding", "1", kRa, 1024, checks::CheckStatus::fail,
       "of a router advertisement"},
      {"a service's that has gone", "1", kRa, 512, checks::CheckStatus::fail, "of a router advertisement"},
      {"somebody's by hand", "1", kBoot, 1024, checks::CheckStatus::pass, "of no router advertisement"},
      {"somebody's by hand, beside a service", "0", kBoot, 1024, checks::CheckStatus::pass,
       "of no router advert"},
      {"networkd's", "0", kRa, 512, checks::CheckStatus::pass, "the network service's"},
      {"networkd's before 255, which runs", "0", kRa, 1024, checks::CheckStatus::pass,
       "the network service's"},
  };
  for (const auto& route : kRoutes) {
    SCOPED_TRACE(route.name);
    auto facts = healthy_dual_stack();
    set_sysctl(facts, "net/ipv6/conf/eth0/accept_ra", route.accept_ra);
    facts.nic.nic->gateway_v6->protocol = route.protocol;
    facts.nic.nic->gateway_v6->metric = route.metric;
    const auto result = testing::result(facts, "sysctl.accept_ra");
    EXPECT_EQ(result.status, route.status) << result.message;
    EXPECT_NE(result.message.find(route.message), std::string::npos) << result.message;
  }
}

TEST(SysctlChecks, WhetherIpv6IsForwardedIsToldByAllAndByForceForwarding) {
  struct {
    const char* name;
    const char* all;
    const char* own;
    const char* force;  ///< empty: a kernel without it
    checks::CheckStatus status;
    const char* message;
  } const cases[] = {
      {"a router", "1", "1", "", checks::CheckStatus::pass, "net.ipv6.conf.all.forwarding is 1"},
      {"a host to routers, which forwards", "1", "0", "", checks::CheckStatus::pass,
       "net.ipv6.conf.all.forwarding is 1, which decides; net.ipv6.conf.eth0.forwarding is 0"},
      {"off", "0", "0", "", checks::CheckStatus::fail, "net.ipv6.conf.all.forwarding is 0"},
      {"off but for the NIC's own key, which decides nothing", "0", "1", "0", checks::CheckStatus::fail,
       "net.ipv6.conf.all.forwarding is 0"},
      {"forced", "0", "0", "1", checks::CheckStatus::unknown, "net.ipv6.conf.eth0.force_forwarding is on"},
      {"forced besides", "1", "1", "1", checks::CheckStatus::pass, "net.ipv6.conf.all.forwarding is 1"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    auto facts = healthy_dual_stack();
    set_sysctl(facts, "net/ipv6/conf/all/forwarding", each.all);
    set_sysctl(facts, "net/ipv6/conf/eth0/forwarding", each.own);
    if (*each.force != '\0') set_sysctl(facts, "net/ipv6/conf/eth0/force_forwarding", each.force);
    const auto result = testing::result(facts, "sysctl.ipv6_forwarding");
    EXPECT_EQ(result.status, each.status) << result.message;
    EXPECT_TRUE(result.message.starts_with("net.ipv6.conf.all.forwarding is ")) << result.message;
    EXPECT_NE(result.message.find(each.message), std::string::npos) << result.message;
  }
}

TEST(SysctlChecks, NothingIsEnforcedWhereAllDecidesAndIsOn) {
  auto facts = healthy_dual_stack();
  set_sysctl(facts, "net/ipv6/conf/eth0/forwarding", "0");
  EXPECT_TRUE(node::unmet(node::wanted_sysctls(facts.policy, "eth0"), facts.sysctls).empty());
}

TEST(SysctlChecks, AHostTakesRouterAdvertisementsThoughTheNodeForwards) {
  auto facts = healthy_dual_stack();
  set_sysctl(facts, "net/ipv6/conf/eth0/accept_ra", "1");
  EXPECT_EQ(testing::result(facts, "sysctl.accept_ra").status, checks::CheckStatus::fail);
  set_sysctl(facts, "net/ipv6/conf/eth0/forwarding", "0");
  EXPECT_EQ(testing::result(facts, "sysctl.accept_ra").status, checks::CheckStatus::pass);
}

TEST(SysctlChecks, WhereNoProcessIsSeenNobodyIsMissed) {
  auto facts = healthy_dual_stack();
  set_sysctl(facts, "net/ipv6/conf/eth0/accept_ra", "0");
  facts.nic.nic->gateway_v6->metric = 1024;
  testing::host_of(facts).networkd = net::failure(EACCES, "other processes are not shown to the agent");
  EXPECT_EQ(testing::result(facts, "sysctl.accept_ra").status, checks::CheckStatus::unknown);
  facts.environment = {};
  EXPECT_EQ(testing::result(facts, "sysctl.accept_ra").status, checks::CheckStatus::unknown);
}

TEST(SysctlChecks, StrictOrLooseFiltersThatDropNothingAreNoAlarm) {
  auto facts = healthy();
  set_sysctl(facts, "net/ipv4/conf/all/rp_filter", "2");
  auto result = testing::result(facts, "sysctl.rp_filter");
  EXPECT_EQ(result.status, checks::CheckStatus::pass) << "the default of Ubuntu and of systemd";
  EXPECT_NE(result.message.find("Calico 3.11"), std::string::npos) << result.message;
  facts = healthy();
  facts.network->nics.push_back(testing::second_nic());
  facts.links.edit().push_back(testing::eth1());
  set_sysctl(facts, "net/ipv4/conf/eth1/rp_filter", "1");
  result = testing::result(facts, "sysctl.rp_filter");
  EXPECT_EQ(result.status, checks::CheckStatus::pass)
      << "strict, and pods leave by the primary: " << result.message;
  facts = healthy();
  use_second_nic_for_pods(facts);
  set_sysctl(facts, "net/ipv4/conf/eth0/rp_filter", "2");
  EXPECT_EQ(testing::result(facts, "sysctl.rp_filter").status, checks::CheckStatus::pass)
      << "loose where it matters";
}

}  // namespace
}  // namespace agent
