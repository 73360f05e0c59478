#include "audit/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "audit/text.h"
#include "net/foreign_text.h"
#include "tests/unit/audit/cluster.h"

namespace {

using audit::Cause;
using audit::Verdict;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> causes(const audit::Report& report) {
  std::vector<std::string> all;
  for (const auto& group : audit::groups_of(report)) all.emplace_back(audit::row_of(group.cause).id);
  return all;
}

std::string unknowns(const audit::Report& report) {
  std::string all;
  for (const auto& each : report.unknowns) all += each.object + ": " + each.why + '\n';
  return all;
}

TEST(HealthyCluster, IsSaidNothingOf) {
  const auto report = healthy().report();
  EXPECT_THAT(causes(report), IsEmpty());
  EXPECT_EQ(unknowns(report), "");
  EXPECT_EQ(report.mode, node::Mode::udr);
  EXPECT_EQ(audit::verdict_of(report).is, Verdict::Is::fine);
}

TEST(HealthyCluster, IsSaidNothingOfWithInferredRanges) {
  EXPECT_THAT(causes(healthy().report({})), IsEmpty());
}

TEST(Notes, SayNothingOfAVirtualNetworkThatWasNotRead) {
  auto world = healthy();
  const audit::Options outside{.mode = node::Mode::udr, .cluster_cidrs = {prefix("172.20.0.0/16")}};
  const auto notes = [&world, &outside] {
    std::string all;
    for (const auto& each : world.report(outside).notes) all += each + '\n';
    return all;
  };
  EXPECT_THAT(notes(), HasSubstr("172.20.0.0/16 are outside the virtual network"));
  world.cluster.networks.clear();
  EXPECT_THAT(notes(), Not(HasSubstr("outside the virtual network")));
}

struct Break {
  const char* name;
  std::function<void(World&)> change;
  const char* cause;
  const char* remedy;
};

class BrokenCluster : public testing::TestWithParam<Break> {};

TEST_P(BrokenCluster, IsNamedByOneCauseWithItsRemedy) {
  auto world = healthy();
  GetParam().change(world);
  const auto report = world.report();
  EXPECT_THAT(causes(report), testing::ElementsAre(GetParam().cause)) << audit::report_text(report, "", true);
  ASSERT_FALSE(report.findings.empty());
  EXPECT_THAT(report.findings.front().remedy.text(), StartsWith(GetParam().remedy));
  EXPECT_EQ(audit::verdict_of(report).is, Verdict::Is::broken);
}

const Break kBreaks[] = {
    {"NoTable", [](World& w) { w.subnet().route_table_id.clear(); }, "subnet.no_table",
     "az network vnet subnet update --ids /subscriptions/s/resourceGroups/nodes/"},
    {"AnotherTable",
     [](World& w) {
       const auto id = kTable + "-firewall";
       w.cluster.tables_of_groups[0].items->push_back(
           {.id = id,
            .provisioning_state = "Succeeded",
            .routes = {route("default", "0.0.0.0/0", "10.240.9.4")}});
       w.subnet().route_table_id = id;
     },
     "subnet.other_table", "# what is in pods-firewall is lost"},
    {"ForwardingOff", [](World& w) { w.nic(2).ip_forwarding = false; }, "nic.forwarding_off",
     "az network nic update --ids"},
    {"RouteMissing", [](World& w) { w.table().routes.erase(w.table().routes.begin()); }, "route.missing",
     "az network route-table route create --subscription s --resource-group nodes --route-table-name pods "
     "--name "
     "vm1 --address-prefix 10.244.1.0/24 --next-hop-type VirtualAppliance --next-hop-ip-address 10.240.0.4"},
    {"RouteOfAFormerCidr", [](World& w) { w.route_of(1) = route("vm1", "10.244.77.0/24", hop(1)); },
     "route.missing", "az network route-table route update"},
    {"RouteElsewhere", [](World& w) { w.route_of(1).next_hop = address("10.240.0.77"); }, "route.elsewhere",
     "az network route-table route update"},
    {"RouteToAFirewall", [](World& w) { w.route_of(1) = route("to-pods-of-1", cidr(1), "10.240.9.4"); },
     "route.elsewhere", "# lead to-pods-of-1"},
    {"RouteFailed", [](World& w) { w.route_of(1).provisioning_state = "Failed"; }, "route.failed",
     "az network route-table route update"},
    {"RouteDiverting",
     [](World& w) { w.table().routes.push_back(route("part", "10.244.1.128/25", "10.240.0.99")); },
     "route.diverting", "# take route part"},
    {"RouteStale", [](World& w) { w.table().routes.push_back(route("vm9", "10.244.9.0/24", "10.240.0.99")); },
     "route.stale", "# once it is certain"},
    {"RouteDoubled", [](World& w) { w.table().routes.push_back(route("again", cidr(1), hop(1))); },
     "route.doubled", "# take one of"},
    {"NoCidr",
     [](World& w) {
       w.nodes()[0].pod_cidrs.clear();
       w.table().routes.erase(w.table().routes.begin());
     },
     "cidr.missing", "# start kube-controller-manager"},
    {"Full",
     [](World& w) {
       for (int i = 0; i < 370; ++i)
         w.table().routes.push_back(route(fmt::format("on-premises-{}", i),
                                          fmt::format("192.168.{}.{}/32", i / 200, i % 200), "10.240.9.4"));
     },
     "table.full", "# ask for a higher limit"},
    {"SecurityGroup",
     [](World& w) {
       auto& rules = w.cluster.security_groups[0].value->rules;
       rules.insert(rules.begin(), rule("NoPods", 200, observed::AzureAccess::deny, "10.244.0.0/16"));
     },
     "security_group.denies", "az network nsg rule create"},
};

INSTANTIATE_TEST_SUITE_P(Each, BrokenCluster, testing::ValuesIn(kBreaks),
                         [](const auto& each) { return each.param.name; });

TEST(DoubledCidr, IsOneFindingAndNoCommand) {
  auto world = healthy();
  world.nodes()[1].pod_cidrs = {prefix(cidr(1))};
  const auto report = world.report();
  // The route to the CIDR that vm2 had before is nobody's.
  EXPECT_THAT(causes(report), testing::ElementsAre("cidr.doubled", "route.stale"));
  for (const auto& each : report.findings) EXPECT_THAT(each.remedy.text(), StartsWith("#")) << each.message;
}

TEST(DoubledCidr, IsSeenWhereOneHoldsAnother) {
  auto world = healthy();
  world.nodes()[1].pod_cidrs = {prefix("10.244.0.0/23")};
  EXPECT_THAT(causes(world.report()), testing::Contains("cidr.doubled"));
}

TEST(UnreadParts, AreUnknownAndNeverMissing) {
  const tl::unexpected<net::Error> refused(
      net::Error{{EACCES, std::system_category()}, "grant the action X"});
  const std::pair<const char*, std::function<void(World&)>> parts[] = {
      {"NICs", [&](World& w) { w.cluster.nics[0].items = refused; }},
      {"network", [&](World& w) { w.cluster.networks[0].value = refused; }},
      {"table",
       [&](World& w) {
         w.cluster.tables_of_groups.clear();
         w.cluster.tables.push_back({kTable, refused});
       }},
      {"group", [&](World& w) { w.cluster.security_groups[0].value = refused; }},
      {"nodes", [&](World& w) { w.cluster.nodes = refused; }}};
  for (const auto& [name, change] : parts) {
    auto world = healthy();
    change(world);
    const auto report = world.report({.mode = node::Mode::udr, .cluster_cidrs = {}});
    EXPECT_THAT(causes(report), IsEmpty()) << name;
    EXPECT_THAT(unknowns(report), HasSubstr("grant the action X")) << name;
    EXPECT_EQ(audit::verdict_of(report).is, Verdict::Is::undetermined) << name;
  }
}

TEST(UnreadParts, ANodeThatIsInNoListIsUnknown) {
  auto world = healthy();
  world.cluster.nics[0].items->pop_back();
  const auto report = world.report();
  EXPECT_THAT(causes(report), IsEmpty());
  EXPECT_THAT(unknowns(report), HasSubstr("vm3: no NIC of its machine is in the lists of nodes"));
}

TEST(NewNode, MayBeWithoutItsRouteAndItsCidr) {
  for (const bool has_cidr : {true, false}) {
    auto world = healthy();
    world.nodes()[0].created = kNow - std::chrono::seconds(20);
    if (!has_cidr) world.nodes()[0].pod_cidrs.clear();
    world.table().routes.erase(world.table().routes.begin());
    const auto report = world.report();
    EXPECT_THAT(causes(report), IsEmpty());
    EXPECT_EQ(audit::verdict_of(report).is, Verdict::Is::fine);
  }
}

TEST(Route, ThatAzureIsChangingIsPending) {
  auto world = healthy();
  world.route_of(1).provisioning_state = "Updating";
  const auto report = world.report();
  EXPECT_THAT(causes(report), IsEmpty());
  EXPECT_THAT(unknowns(report), HasSubstr("Azure is changing its route"));
}

TEST(Route, OfOthersIsNotJudged) {
  auto world = healthy();
  auto& routes = world.table().routes;
  routes.push_back(route("default", "0.0.0.0/0", "10.240.9.4"));
  routes.push_back(route("on-premises", "192.168.7.0/24", "10.240.9.4"));
  routes.push_back(route("gateway-in-a-pod", "10.244.1.7/32", "10.240.9.4"));
  routes.push_back(route("all-pods", "10.244.0.0/16", "10.240.9.4"));
  EXPECT_THAT(causes(world.report()), IsEmpty());
}

TEST(Route, OfANodeWithoutPodCidrsStandsForThem) {
  auto world = healthy();
  for (auto& each : world.nodes()) each.pod_cidrs.clear();
  const auto report = world.report();
  EXPECT_EQ(report.mode, node::Mode::udr);
  EXPECT_THAT(causes(report), IsEmpty()) << audit::report_text(report, "", true);
}

TEST(Ids, CompareWithoutRegardToCase) {
  auto world = healthy();
  for (auto& each : world.nodes()) {
    for (char& c : each.provider_id) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  world.subnet().route_table_id = net::lower(kTable);
  EXPECT_THAT(causes(world.report()), IsEmpty());
  EXPECT_EQ(world.report().counts.nics, 3U);
}

TEST(ScaleSet, IsMendedOnceForAllOfItsInstances) {
  auto world = healthy();
  const auto set = kGroup + "/providers/Microsoft.Compute/virtualMachineScaleSets/pool";
  for (int i = 1; i <= 3; ++i) {
    const auto machine = fmt::format("{}/virtualMachines/{}", set, i);
    world.nodes()[static_cast<std::size_t>(i - 1)].provider_id = "azure://" + machine;
    auto& nic = (*world.cluster.nics[0].items)[static_cast<std::size_t>(i - 1)];
    nic.machine_id = machine;
    nic.nic.id = machine + "/networkInterfaces/nic";
    nic.nic.ip_forwarding = i == 3;
  }
  const auto report = world.report();
  EXPECT_EQ(report.findings.size(), 2U);
  EXPECT_THAT(report.findings[0].remedy.text(), HasSubstr("--instance-ids 1 2"));
  EXPECT_TRUE(report.findings[1].remedy.empty());
}

TEST(Mode, IsSeenInNodesAndNetworkAndSaidWhereNothingShowsIt) {
  auto flannel = healthy();
  for (auto& each : flannel.nodes()) each.flannel_backend = "vxlan";
  EXPECT_EQ(flannel.report().mode, node::Mode::flannel);
  EXPECT_FALSE(audit::needs_azure({}, flannel.nodes()));
  auto calico = healthy();
  for (auto& each : calico.nodes()) each.has_calico_tunnel = true;
  EXPECT_EQ(calico.report().mode, node::Mode::calico_vxlan);
  auto bare = healthy();
  for (auto& each : bare.nodes()) each.pod_cidrs.clear();
  bare.table().routes.clear();
  EXPECT_EQ(bare.report().mode, node::Mode::azure_cni);
  auto silent = healthy();
  silent.table().routes.clear();
  const auto report = silent.report();
  EXPECT_FALSE(report.mode);
  EXPECT_THAT(causes(report), IsEmpty());
  EXPECT_EQ(audit::verdict_of(report).is, Verdict::Is::undetermined);
  EXPECT_EQ(silent.report({.mode = node::Mode::udr, .cluster_cidrs = {}}).findings.size(), 3U);
}

TEST(Mode, ThatDoesNotShowNamesTheTablesThatWereNotRead) {
  auto world = healthy();
  const tl::unexpected<net::Error> refused(
      net::Error{{EACCES, std::system_category()}, "grant the action X"});
  world.cluster.tables_of_groups[0].items = refused;
  world.cluster.tables.push_back({kTable, refused});
  const auto report = world.report({});
  EXPECT_FALSE(report.mode);
  EXPECT_THAT(unknowns(report), HasSubstr("the routes of subnet nodes: grant the action X"));
  EXPECT_THAT(unknowns(report), HasSubstr("route tables that no subnet has: grant the action X"));
}

TEST(Mode, ThatNeedsNoRouteFindsNothingBroken) {
  auto world = healthy();
  world.subnet().route_table_id.clear();
  world.nic(1).ip_forwarding = false;
  for (const auto mode : {node::Mode::azure_cni, node::Mode::calico_vxlan, node::Mode::flannel})
    EXPECT_THAT(causes(world.report({.mode = mode, .cluster_cidrs = {}})), IsEmpty());
}

TEST(Text, NamesSomeAndCountsTheRest) {
  auto world = healthy();
  for (int i = 10; i < 30; ++i) {
    world.nodes().push_back(node_of(i));
    world.cluster.nics[0].items->push_back(nic_of(i));
  }
  const auto report = world.report();
  const auto text = audit::report_text(report, "5 requests to Azure", false);
  EXPECT_THAT(text, HasSubstr("route.missing  20 nodes"));
  EXPECT_THAT(text, HasSubstr("and 15 more"));
  EXPECT_THAT(text, Not(HasSubstr("vm29")));
  EXPECT_THAT(audit::report_text(report, "", true), HasSubstr("vm29: no route to 10.244.29.0/24"));
}

TEST(Script, HoldsNothingOfOthersThatAShellWouldRun) {
  auto world = healthy();
  const std::string evil = "x'; rm -rf / #\n$(reboot)`id`";
  world.nodes()[0].name = evil;
  world.nodes()[1].name = "-o";
  world.table().routes.clear();
  world.table().routes.push_back(route(evil + "2", "10.244.9.0/24", "10.240.0.99"));
  const auto script = audit::repair_script(world.report({.mode = node::Mode::udr, .cluster_cidrs = {}}));
  EXPECT_THAT(script, StartsWith("#!/bin/sh\n"));
  EXPECT_THAT(script, HasSubstr("\nset -eu\n"));
  std::size_t commands = 0;
  for (std::size_t at = 0; at < script.size();) {
    const auto end = script.find('\n', at);
    const auto line = script.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line.front() == '#' || line == "set -eu") continue;
    EXPECT_THAT(line, StartsWith("az network route-table route create ")) << line;
    ++commands;
  }
  EXPECT_EQ(commands, 2U);  // of the first node, quoted, and of the third
  EXPECT_THAT(script, HasSubstr(R"(--name 'x'\''; rm -rf / #)"));
  EXPECT_THAT(script, Not(HasSubstr("\naz network route-table route delete")));
}

}  // namespace
