#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "checks/check_table.h"
#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/build.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/node_changes.h"
#include "tests/unit/core/shell.h"

namespace agent {
namespace {

using testing::address;
using testing::blackhole;
using testing::prefix;
using testing::route;

using testing::healthy;
using testing::healthy_dual_stack;
using testing::set_sysctl;
using testing::use_second_nic_for_pods;

TEST(Checks, AHealthyNodePassesEveryOneThatApplies) {
  const auto expect_content = [](const checks::Facts& facts, const char* name) {
    for (const auto& result : checks::assess(facts, {}, net::WallTime{})) {
      EXPECT_TRUE(result.status == checks::CheckStatus::pass || result.status == checks::CheckStatus::skip)
          << name << ": " << result.id << ": " << result.message;
      EXPECT_FALSE(result.message.empty()) << result.id;
      EXPECT_TRUE(result.remedy.empty()) << result.id;
    }
  };
  expect_content(healthy_dual_stack(), "dual stack");
  for (const auto& node : testing::kHealthyNodes) expect_content(node.facts(), node.name);
}

TEST(Checks, IdsAreThoseOfTheRowsInTheirOrder) {
  std::vector<std::string_view> of_rows;
  for (const auto& check : checks::check_table()) of_rows.push_back(check.id);
  EXPECT_TRUE(std::ranges::equal(checks::check_ids(), of_rows));
  EXPECT_EQ(std::set(of_rows.begin(), of_rows.end()).size(), of_rows.size());
}

TEST(Checks, HaveAnOrderOfTheirOwn) {
  const auto table = checks::check_table();
  const auto same = [](const checks::Check& one, const checks::Check& next) {
    return one.order == next.order;
  };
  EXPECT_EQ(std::adjacent_find(table.begin(), table.end(), same), table.end());
}

/// The kernel's lookup has led a packet to pods elsewhere.
void lead_away(checks::Facts& facts, const routing::LedAway& led_away) {
  facts.sync.routes.add({{.position = 0,
                          .state = routing::RouteState::shadowed,
                          .error = "another one wins",
                          .detours = true,
                          .led_away = led_away}});
}

/// One fault, and the check that must name it: its message, whether it holds readiness, and a word of its
/// remedy.
struct NodeFault {
  const char* name;
  void (*inject)(checks::Facts&);
  const char* id;
  bool holds;
  const char* message;
  const char* remedy;
  bool dual_stack = false;
};

const std::vector<NodeFault> kNodeFaults = {
    {"NoDocument",
     [](checks::Facts& f) {
       f.network.reset();
       f.imds = {};
       f.imds.last_error = "timed out";
     },
     "imds.reachable", true, "no usable answer from IMDS yet: timed out", "Metadata:true"},
    {"ImdsSilentForLong",
     [](checks::Facts& f) {
       f.imds.last_error = "timed out";
       f.now += std::chrono::minutes(4);
     },
     "imds.reachable", false, "for 240 s", "curl"},
    {"NoNic",
     [](checks::Facts& f) {
       f.nic = {std::nullopt, "no link has the MAC"};
     },
     "nic.found", true, "no link has the MAC", "ip -br link"},
    {"AddressNotOnTheLink", [](checks::Facts& f) { f.nic.nic->link.addresses.clear(); }, "nic.address", true,
     "IMDS names 10.240.0.4 but eth0 does not have", "networkctl renew eth0"},
    {"NoIpv6AddressInImds", [](checks::Facts& f) { f.nic.nic->azure.addresses.pop_back(); }, "nic.address",
     true, "no IPv6 address", "IPv6 ipconfig", true},
    {"LinkDown", [](checks::Facts& f) { f.nic.nic->link.up = false; }, "nic.up", true, "eth0 is down",
     "ip link set dev eth0 up"},
    {"NoCarrier", [](checks::Facts& f) { f.nic.nic->link.carrier = false; }, "nic.up", true, "no carrier",
     "ip -d link"},
    {"AssumedGateway", [](checks::Facts& f) { f.nic.nic->gateway_v6->assumed = true; }, "nic.gateway", false,
     "no IPv6 default router", "accept_ra=2", true},
    {"RouteMissing", [](checks::Facts& f) { f.sync = routing::evaluate_sync(f.desired, {}, {}, {}); },
     "routes.in_sync", true, "2 of 2 routes are not in place yet", "plan"},
    {"RouteMissingWithoutADaemon",
     [](checks::Facts& f) {
       f.sync = routing::evaluate_sync(f.desired, {}, {}, {});
       f.no_daemon = true;
     },
     "routes.in_sync", true, "no daemon runs", "systemctl start calico-azure-agent"},
    {"RouteRefused",
     [](checks::Facts& f) {
       f.sync = routing::evaluate_sync(f.desired, {}, {},
                                       {{f.desired.routes[0].key, "Nexthop has invalid gateway"}});
     },
     "routes.in_sync", true, "Nexthop has invalid gateway", "ip route show"},
    {"RoutesWaitForTheLink",
     [](checks::Facts& f) {
       f.policy.ignore = {"nic.up"};
       f.nic.nic->link.up = false;
       f.desired = node::desired_routes(f.policy, *f.network, &*f.nic.nic);
       f.sync = routing::evaluate_sync(f.desired, {{blackhole("10.244.1.0/24")}, {}}, {}, {});
     },
     "routes.in_sync", true, "1 of 2 routes wait for eth0 to be up", "ip link set dev eth0 up"},
    {"ALinkThatIsDownIsNotBlamedForTheSink",
     [](checks::Facts& f) {
       f.nic.nic->link.up = false;
       f.desired = node::desired_routes(f.policy, *f.network, &*f.nic.nic);
       f.sync = routing::evaluate_sync(f.desired, {}, {}, {});
     },
     "routes.in_sync", true, "2 of 2 routes are not in place yet", "plan"},
    {"ALinkThatIsDownHidesNoError",
     [](checks::Facts& f) {
       f.nic.nic->link.up = false;
       f.desired = node::desired_routes(f.policy, *f.network, &*f.nic.nic);
       f.sync = routing::evaluate_sync(f.desired, {{blackhole("10.244.1.0/24")}, {}}, {}, {});
       f.route_error = "netlink: dump: no buffer space";
     },
     "routes.in_sync", true, "no buffer space", "plan"},
    {"NotLookedYet", [](checks::Facts& f) { f.routes_seen = false; }, "routes.in_sync", true, "not been read",
     "journalctl"},
    {"Shadowed",
     [](checks::Facts& f) {
       const std::vector foreign_routes = {route("10.244.0.0/16", "10.240.0.9", 2, 4, 1)};
       f.sync = routing::evaluate_sync(f.desired, {f.desired.routes.list(), {}}, foreign_routes, {});
     },
     "routes.shadowed", false, "protocol 4", "ip route show table 254 exact 10.244.0.0/16"},
    {"ALongerPrefixLeadsAway", [](checks::Facts& f) { lead_away(f, {.to = address("10.244.90.91")}); },
     "routes.shadowed", false, "another one wins", "ip route get 10.244.90.91"},
    {"ARuleLeadsAway",
     [](checks::Facts& f) { lead_away(f, {.to = address("10.244.90.91"), .other_table = true}); },
     "routes.shadowed", false, "another one wins", "ip route get 10.244.90.91 && ip rule show"},
    {"ARouteOrRuleDrops",
     [](checks::Facts& f) { lead_away(f, {.to = address("10.244.90.91"), .dropped = true}); },
     "routes.shadowed", false, "another one wins",
     "ip rule show && ip route show table all match 10.244.90.91"},
    {"AnIpv6RuleLeadsAway",
     [](checks::Facts& f) {
       auto led = f.sync.routes.list();
       const auto at = std::find_if(led.begin(), led.end(), [](const routing::RouteStatus& each) {
         return each.route.key.destination == prefix("fd44::/48");
       });
       at->state = routing::RouteState::shadowed;
       at->led_away = routing::LedAway{.to = address("fd44::5a5b"), .other_table = true};
       f.sync.routes = routing::RouteStatuses(led);
     },
     "routes.shadowed", false, "fd44::/48", "ip -6 route get fd44::5a5b && ip -6 rule show", true},
    {"IpForwardOff", [](checks::Facts& f) { set_sysctl(f, "net/ipv4/ip_forward", "0"); }, "sysctl.ip_forward",
     true, "net.ipv4.ip_forward is 0", "sysctl -w net.ipv4.ip_forward=1"},
    {"NicForwardingOff", [](checks::Facts& f) { set_sysctl(f, "net/ipv4/conf/eth0/forwarding", "0"); },
     "sysctl.nic_forwarding", true, "net.ipv4.conf.eth0.forwarding is 0",
     "sysctl -w net.ipv4.conf.eth0.forwarding=1"},
    {"Ipv6ForwardingOff", [](checks::Facts& f) { set_sysctl(f, "net/ipv6/conf/all/forwarding", "0"); },
     "sysctl.ipv6_forwarding", true, "net.ipv6.conf.all.forwarding is 0",
     "sysctl -w net.ipv6.conf.all.forwarding=1", true},
    {"AcceptRaTooLow", [](checks::Facts& f) { set_sysctl(f, "net/ipv6/conf/eth0/accept_ra", "1"); },
     "sysctl.accept_ra", true, "net.ipv6.conf.eth0.accept_ra is 1",
     "sysctl -w net.ipv6.conf.eth0.accept_ra=2", true},
    {"NobodyTakesRouterAdvertisements",
     [](checks::Facts& f) {
       set_sysctl(f, "net/ipv6/conf/eth0/accept_ra", "0");
       f.nic.nic->gateway_v6->assumed = true;
     },
     "sysctl.accept_ra", true, "eth0 has no IPv6 default route", "sysctl -w net.ipv6.conf.eth0.accept_ra=2",
     true},
    {"NoIpv4DefaultRoute", [](checks::Facts& f) { f.nic.nic->gateway_v4->assumed = true; }, "nic.gateway",
     false, "there is no IPv4 default route: using 10.240.0.1", "networkctl renew eth0"},
    {"NobodyTakesRouterAdvertisementsForTheDefaultRoute",
     [](checks::Facts& f) {
       set_sysctl(f, "net/ipv6/conf/eth0/accept_ra", "0");
       f.nic.nic->gateway_v6->metric = 1024;
       testing::host_of(f).networkd->runs = false;
     },
     "sysctl.accept_ra", true, "the default route by fe80::1234:5678:9abc is of a router advertisement",
     "sysctl -w net.ipv6.conf.eth0.accept_ra=2", true},
    {"PrimaryIsStrictAndPodsLeaveByAnother",
     [](checks::Facts& f) {
       use_second_nic_for_pods(f);
       set_sysctl(f, "net/ipv4/conf/eth0/rp_filter", "0");
     },
     "sysctl.rp_filter", false, "net.ipv4.conf.eth0.rp_filter is 0 and net.ipv4.conf.all.rp_filter 1",
     "sysctl -w net.ipv4.conf.eth0.rp_filter=2"},
    {"ModeChanges", [](checks::Facts& f) { f.mode_before = node::Mode::flannel; }, "mode.in_force", true,
     "the mode changes from flannel to udr", "nothing to do"},
    {"NodeCidrDemanded",
     [](checks::Facts& f) {
       f.policy.node_cidrs = {};
       f.policy.node_cidr_source = node::NodeCidrSource::static_list;
     },
     "pods.node_cidr", true, "pods.node_cidrs is empty", "pods.node_cidrs"},
    {"PodsInsideTheSubnet", [](checks::Facts& f) { f.desired.withheld = {prefix("10.240.0.0/25")}; },
     "pods.overlap", true, "10.240.0.0/25 lies inside", "outside the VM subnet"},
    {"PodsAroundTheSubnet", [](checks::Facts& f) { f.policy.cluster_cidrs = {prefix("10.0.0.0/8")}; },
     "pods.overlap", false, "10.0.0.0/8 contains the NIC's own subnet 10.240.0.0/24",
     "instead of 10.0.0.0/8"},
    {"PodsInAnotherLinksRange",
     [](checks::Facts& f) {
       f.links.edit().push_back(
           testing::link(9, "docker0", "02:42:ac:11:00:01", {{address("10.244.200.1"), 24}}));
     },
     "pods.overlap", false, "10.244.0.0/16 overlaps 10.244.200.0/24 of docker0", "another range"},
    {"PodsAmongThePlatformsAddresses",
     [](checks::Facts& f) { f.policy.cluster_cidrs = {prefix("169.254.128.0/17")}; }, "pods.overlap", false,
     "overlaps 169.254.0.0/16 of Azure's platform", "another range"},
    {"PodsAroundTheWireServer", [](checks::Facts& f) { f.policy.cluster_cidrs = {prefix("168.63.0.0/16")}; },
     "pods.overlap", false, "168.63.0.0/16 overlaps 168.63.129.16/32 of Azure's platform", "another range"},
    {"PodsAmongServices",
     [](checks::Facts& f) { f.cloud_state.edit().service_addresses = {address("10.244.0.10")}; },
     "pods.overlap", false, "10.244.0.0/16 holds 10.244.0.10, an address of a Kubernetes service",
     "another range"},
};

const bool kNodeFaultsAreListed = testing::list_broken([](testing::BrokenNodes& all) {
  for (const auto& fault : kNodeFaults) {
    all.push_back({fault.name, [fault] {
                     auto facts = fault.dual_stack ? healthy_dual_stack() : healthy();
                     fault.inject(facts);
                     return facts;
                   }});
  }
});

class NodeFaultTest : public ::testing::TestWithParam<NodeFault> {};

TEST_P(NodeFaultTest, IsNamedWithItsRemedy) {
  const auto& fault = GetParam();
  auto facts = fault.dual_stack ? healthy_dual_stack() : healthy();
  fault.inject(facts);
  const auto result = testing::result(facts, fault.id);
  EXPECT_EQ(result.status, checks::CheckStatus::fail);
  EXPECT_EQ(result.holds(), fault.holds);
  EXPECT_NE(result.message.find(fault.message), std::string::npos) << result.message;
  EXPECT_NE(result.remedy.find(fault.remedy), std::string::npos) << result.remedy;
  EXPECT_FALSE(result.why.empty());
  EXPECT_EQ(checks::is_ready(checks::assess(facts, {}, net::WallTime{})), !fault.holds);
}

TEST_P(NodeFaultTest, HasARemedyThatAShellCanRead) {
  const auto& fault = GetParam();
  auto facts = fault.dual_stack ? healthy_dual_stack() : healthy();
  fault.inject(facts);
  EXPECT_TRUE(testing::is_shell(testing::result(facts, fault.id).remedy))
      << testing::result(facts, fault.id).remedy;
}

INSTANTIATE_TEST_SUITE_P(Checks, NodeFaultTest, ::testing::ValuesIn(kNodeFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(Checks, WhatCouldNotBeLookedAtIsUnknownAndHoldsNothing) {
  auto facts = healthy();
  facts.kernel_error = "dump interrupted";
  facts.sysctls.clear();
  facts.route_error = "dump interrupted";
  const auto results = checks::assess(facts, {}, net::WallTime{});
  EXPECT_TRUE(checks::is_ready(results));
  for (const auto* id : {"nic.found", "nic.up", "sysctl.ip_forward", "routes.in_sync"}) {
    EXPECT_EQ(testing::result(facts, id).status, checks::CheckStatus::unknown) << id;
  }
}

TEST(Checks, AnUnknownNodeCidrIsToldWithTheRoutesThatThereAre) {
  auto facts = healthy();
  facts.policy.node_cidrs = {};
  EXPECT_NE(
      testing::result(facts, "pods.node_cidr").message.find("; only the cluster routes are programmed,"),
      std::string::npos);
  facts.policy.cluster_cidrs = {};
  EXPECT_NE(testing::result(facts, "pods.node_cidr")
                .message.find("; with pods.cluster_cidrs empty too no route is programmed,"),
            std::string::npos);
}

TEST(Checks, WhatAksKeepsForItselfIsAnybodysElsewhere) {
  struct Range {
    const char* cluster;
    const char* node;
    const char* kept;
  };
  for (const auto& [cluster, node, kept] : {Range{"172.31.0.0/16", "172.31.1.0/24", "172.31.0.0/16"},
                                            Range{"172.30.128.0/17", "172.30.129.0/24", "172.30.0.0/16"},
                                            Range{"192.0.0.0/16", "192.0.3.0/24", "192.0.2.0/24"}}) {
    SCOPED_TRACE(cluster);
    auto facts = healthy();
    facts.policy.cluster_cidrs = {prefix(cluster)};
    facts.policy.node_cidrs = {prefix(node)};
    EXPECT_EQ(testing::result(facts, "pods.overlap").status, checks::CheckStatus::pass);
    facts.network->identity.resource_id =
        "/subscriptions/s/resourceGroups/mc_rg_cluster_westeurope/providers/Microsoft.Compute/"
        "virtualMachineScaleSets/aks-pool-1-vmss/virtualMachines/0";
    const auto result = testing::result(facts, "pods.overlap");
    EXPECT_EQ(result.status, checks::CheckStatus::fail);
    EXPECT_NE(result.message.find(fmt::format("{}, which AKS keeps for itself", kept)), std::string::npos)
        << result.message;
    EXPECT_FALSE(result.gate);
  }
}

TEST(Checks, ASilentImdsIsToleratedForThreeMinutes) {
  auto facts = healthy();
  facts.imds.last_error = "timed out";
  facts.now += std::chrono::minutes(2);
  EXPECT_EQ(testing::result(facts, "imds.reachable").status, checks::CheckStatus::pass);
}

TEST(Checks, AKeptDocumentIsEnoughToBeReady) {
  auto facts = healthy();
  facts.imds.source = node::ImdsSource::cache;
  facts.imds.last_success_mono.reset();
  facts.imds.last_error = "connection refused";
  EXPECT_TRUE(checks::is_ready(checks::assess(facts, {}, net::WallTime{})));
  const auto result = testing::result(facts, "imds.reachable");
  EXPECT_EQ(result.status, checks::CheckStatus::fail) << "an hour without a live answer";
  EXPECT_FALSE(result.gate);
}

TEST(Checks, SinceStaysWhileTheStatusStays) {
  auto facts = healthy();
  const net::WallTime first{std::chrono::seconds(100)};
  const net::WallTime second{std::chrono::seconds(200)};
  auto results = checks::assess(facts, {}, first);
  results = checks::assess(facts, results, second);
  const auto imds = [](const std::vector<checks::CheckResult>& all) {
    return std::find_if(all.begin(), all.end(), [](const auto& each) { return each.id == "imds.reachable"; });
  };
  EXPECT_EQ(imds(results)->since, first);
  facts.imds = {};
  results = checks::assess(facts, results, second);
  EXPECT_EQ(imds(results)->since, second);
}

TEST(Checks, IgnoredGatesOnlyWarnAndRequiredChecksGate) {
  auto facts = healthy();
  set_sysctl(facts, "net/ipv4/ip_forward", "0");
  facts.nic.nic->gateway_v4->assumed = true;
  EXPECT_FALSE(checks::is_ready(checks::assess(facts, {}, net::WallTime{})));
  facts.policy.ignore = {"sysctl.ip_forward"};
  EXPECT_TRUE(checks::is_ready(checks::assess(facts, {}, net::WallTime{})));
  facts.policy.require = {"nic.gateway"};
  EXPECT_FALSE(checks::is_ready(checks::assess(facts, {}, net::WallTime{})));
}

TEST(Checks, InModeAzureCniPodsAreInTheNicsSubnet) {
  auto facts = healthy();
  facts.policy.mode = node::Mode::azure_cni;
  facts.policy.cluster_cidrs = {prefix("10.240.0.0/24")};
  facts.desired = node::desired_routes(facts.policy, *facts.network, &*facts.nic.nic);
  const auto result = testing::result(facts, "pods.overlap");
  EXPECT_EQ(result.status, checks::CheckStatus::skip);
  EXPECT_FALSE(result.gate);
  EXPECT_TRUE(checks::is_ready(checks::assess(facts, {}, net::WallTime{})));
}

TEST(Checks, AzureCniNeedsNoRoutes) {
  auto facts = healthy();
  facts.policy.mode = node::Mode::azure_cni;
  facts.routes_seen = false;
  EXPECT_EQ(testing::result(facts, "routes.in_sync").status, checks::CheckStatus::skip);
  EXPECT_TRUE(checks::is_ready(checks::assess(facts, {}, net::WallTime{})));
}

TEST(Checks, AnUnknownNodeCidrIsNoFailureUnlessDemanded) {
  auto facts = healthy();
  facts.policy.node_cidrs = {};
  const auto result = testing::result(facts, "pods.node_cidr");
  EXPECT_EQ(result.status, checks::CheckStatus::unknown);
  EXPECT_NE(result.message.find("pods.node_cidrs is empty"), std::string::npos);
  EXPECT_TRUE(result.remedy.empty());
  EXPECT_TRUE(checks::is_ready(checks::assess(facts, {}, net::WallTime{})));
  facts.policy.require = {"pods.node_cidr"};
  EXPECT_EQ(testing::result(facts, "pods.node_cidr").status, checks::CheckStatus::fail);
  EXPECT_FALSE(checks::is_ready(checks::assess(facts, {}, net::WallTime{})));
}

}  // namespace
}  // namespace agent
