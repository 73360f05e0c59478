// Where the checks of Azure and Kubernetes name no fault, and whom they hold all the same.
#include <gtest/gtest.h>

#include "checks/check_table.h"
#include "tests/unit/core/azure_changes.h"
#include "tests/unit/core/healthy_nodes.h"
#include "tests/unit/core/judged.h"

namespace agent {
namespace {

using testing::address;
using testing::azure_routes;
using testing::dissociate;
using testing::failures;
using testing::healthy;
using testing::healthy_with_cloud_state;
using testing::prefix;
using testing::result;
using testing::run_by_aks;

TEST(AzureChecks, WhatCouldNotBeReadIsUnknownAndNothingElse) {
  auto facts = healthy_with_cloud_state();
  const auto refused = net::failure(EACCES, "no permission for Microsoft.Network/networkInterfaces/read");
  facts.cloud_state.edit().azure->nic = refused;
  facts.cloud_state.edit().azure->subnet = refused;
  facts.cloud_state.edit().azure->route_table = refused;
  facts.cloud_state.edit().azure->network = refused;
  facts.cloud_state.edit().node = net::failure(ETIMEDOUT, "the API server does not answer");
  facts.cloud_state.edit().cloud_config = net::failure(ENOENT, "no /etc/kubernetes/azure.json");
  EXPECT_TRUE(failures(facts).empty());
  for (const auto* id :
       {"azure.ip_forwarding", "azure.route_table", "azure.node_route", "azure.stale_routes",
        "azure.vnet_range", "azure.cloud_config", "kubernetes.node_cidr", "kubernetes.route_created"}) {
    EXPECT_EQ(result(facts, id).status, checks::CheckStatus::unknown) << id;
  }
  EXPECT_NE(result(facts, "azure.ip_forwarding").message.find("networkInterfaces/read"), std::string::npos);
  EXPECT_TRUE(checks::is_ready(checks::assess(facts, {}, facts.wall)));
}

TEST(AzureChecks, WhatIsRequiredHoldsReadiness) {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure->nic->ip_forwarding = false;
  facts.policy.require = {"azure.ip_forwarding"};
  EXPECT_FALSE(checks::is_ready(checks::assess(facts, {}, facts.wall)));
}

TEST(AzureChecks, DoNotApplyWhereTheyAreOffOrTheModeHasNoRouteTable) {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure->nic->ip_forwarding = false;
  facts.policy.azure_verified = false;
  EXPECT_EQ(result(facts, "azure.ip_forwarding").status, checks::CheckStatus::skip);
  facts.policy.azure_verified = true;
  facts.policy.mode = node::Mode::flannel;
  EXPECT_EQ(result(facts, "azure.ip_forwarding").status, checks::CheckStatus::skip);
}

/// An overlay in a virtual network whose own range, or the nodes' subnet, has a route to somewhere.
checks::Facts overlay_with_route(const char* destination, const char* hop_type) {
  auto facts = healthy_with_cloud_state();
  facts.policy.mode = node::Mode::flannel;
  facts.policy.azure_verified_always = true;
  observed::AzureRoute route;
  route.name = "own-range";
  route.destination = destination;
  route.prefix = prefix(destination);
  route.next_hop_type = hop_type;
  if (route.next_hop_type == "VirtualAppliance") route.next_hop = address("10.250.0.4");
  testing::azure_routes(facts).push_back(std::move(route));
  return facts;
}

TEST(AzureChecks, LookInOverlaysForRoutesThatTakeWhatNodesSendEachOther) {
  const auto said = [](const char* destination, const char* hop_type) {
    return result(overlay_with_route(destination, hop_type), "azure.route_table");
  };
  const auto own = healthy_with_cloud_state();
  const auto subnet = own.cloud_state->azure->subnet->prefixes.front().text();
  const auto network = own.cloud_state->azure->network->address_space.front().text();
  for (const auto& range : {subnet, network}) {
    const auto firewall = said(range.c_str(), "VirtualAppliance");
    EXPECT_EQ(firewall.status, checks::CheckStatus::unknown) << range;
    EXPECT_NE(firewall.message.find("send each other to VirtualAppliance 10.250.0.4"), std::string::npos)
        << firewall.message;
    const auto nowhere = said(range.c_str(), "None");
    EXPECT_EQ(nowhere.status, checks::CheckStatus::fail) << range;
    EXPECT_NE(nowhere.message.find("route own-range of table cluster-routes drops"), std::string::npos);
    EXPECT_EQ(said(range.c_str(), "VnetLocal").status, checks::CheckStatus::pass) << range;
  }
  EXPECT_EQ(said("0.0.0.0/0", "VirtualAppliance").status, checks::CheckStatus::pass)
      << "the virtual network's own route is longer";
  auto back = overlay_with_route(network.c_str(), "VirtualAppliance");
  auto stay = testing::azure_routes(back).back();
  stay.prefix = prefix(subnet.c_str());
  stay.next_hop_type = "VnetLocal";
  testing::azure_routes(back).push_back(std::move(stay));
  EXPECT_EQ(result(back, "azure.route_table").status, checks::CheckStatus::pass);
  auto silent = overlay_with_route(network.c_str(), "None");
  silent.policy.azure_verified_always = false;
  EXPECT_EQ(result(silent, "azure.route_table").status, checks::CheckStatus::skip);
}

/// Whoever waits for a check by readiness.require is let through by nothing but its pass.
void expect_quiet_but_held(checks::Facts facts, const char* id) {
  EXPECT_TRUE(failures(facts).empty()) << id << ": " << failures(facts).front().message;
  EXPECT_EQ(result(facts, id).status, checks::CheckStatus::unknown) << id;
  facts.policy.require = {id};
  const auto held = result(facts, id);
  EXPECT_TRUE(held.holds()) << id << ": " << held.message;
  EXPECT_FALSE(held.remedy.empty()) << id;
  EXPECT_FALSE(held.why.empty()) << id;
}

TEST(AzureChecks, ARouteThatIsBeingMadeIsNoFault) {
  auto facts = healthy_with_cloud_state();
  azure_routes(facts).front().provisioning_state = "Updating";
  expect_quiet_but_held(facts, "azure.node_route");
}

void lose_node_route(checks::Facts& facts) { azure_routes(facts).erase(azure_routes(facts).begin()); }
void have_former_hop(checks::Facts& facts) { azure_routes(facts).front().next_hop = address("10.240.0.77"); }
void have_former_cidr(checks::Facts& facts) {
  azure_routes(facts).front().destination = "10.244.9.0/24";
  azure_routes(facts).front().prefix = prefix("10.244.9.0/24");
}
void have_others_cidr(checks::Facts& facts) { azure_routes(facts).at(1).next_hop = address("10.240.0.4"); }

TEST(AzureChecks, ANodeThatIsSecondsOldHasNoRouteYetOrAFormerOne) {
  struct Former {
    void (*inject)(checks::Facts&);
    const char* id;
  };
  for (const auto& [inject, id] :
       {Former{lose_node_route, "azure.node_route"}, Former{have_former_hop, "azure.node_route"},
        Former{have_former_cidr, "azure.node_route"}, Former{have_others_cidr, "azure.stale_routes"}}) {
    auto facts = healthy_with_cloud_state();
    inject(facts);
    auto& node = **facts.cloud_state.edit().node;
    node.created = facts.wall - std::chrono::seconds(20);
    expect_quiet_but_held(facts, id);
    // What was read then counts for no later moment: ARM is asked every quarter of an hour.
    facts.cloud_state.edit().azure->read_at = facts.wall;
    facts.wall += std::chrono::minutes(10);
    expect_quiet_but_held(facts, id);
    facts.cloud_state.edit().azure->read_at = facts.wall;
    EXPECT_EQ(result(facts, id).status, checks::CheckStatus::fail) << id;
  }
}

TEST(AzureChecks, ACidrThatTheAgentHasJustSeenIsGivenTheSameTime) {
  auto facts = healthy_with_cloud_state();
  lose_node_route(facts);
  facts.cloud_state.edit().node.reset();
  EXPECT_EQ(result(facts, "azure.node_route").status, checks::CheckStatus::fail) << "doctor looks once";
  facts.node_cidrs_since = facts.now - std::chrono::seconds(60);
  expect_quiet_but_held(facts, "azure.node_route");
  facts.now += std::chrono::seconds(180);
  facts.wall += std::chrono::seconds(180);
  EXPECT_EQ(result(facts, "azure.node_route").status, checks::CheckStatus::fail);
}

TEST(AzureChecks, ARequiredCheckHoldsWhereAnotherOneNamesTheFault) {
  const auto held = [](const checks::Facts& broken, const char* id) {
    auto facts = broken;
    facts.policy.require = {id};
    const auto found = result(facts, id);
    EXPECT_TRUE(found.holds()) << id << ": " << found.message;
  };
  auto facts = healthy_with_cloud_state();
  dissociate(facts);
  held(facts, "azure.node_route");
  facts.cloud_state.edit().azure->network->address_space = {prefix("10.240.0.0/16")};
  held(facts, "azure.vnet_range");
  (*facts.cloud_state.edit().node)->network_unavailable->reason = "CalicoIsUp";
  held(facts, "kubernetes.route_created");
  (*facts.cloud_state.edit().node)->pod_cidrs.clear();
  held(facts, "kubernetes.route_created");
}

TEST(AzureChecks, PodsOutsideTheVirtualNetworkAreNormalWhereTheTableLeads) {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure->network->address_space = {prefix("10.240.0.0/16")};  // AKS's kubenet, CAPZ
  EXPECT_TRUE(failures(facts).empty());
  const auto said = result(facts, "azure.vnet_range");
  EXPECT_EQ(said.status, checks::CheckStatus::pass);
  EXPECT_NE(said.message.find("10.244.0.0/16 is outside"), std::string::npos) << said.message;
}

TEST(AzureChecks, ARouteToEverythingLeadsNoPods) {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure->network->address_space = {prefix("10.240.0.0/16")};
  facts.policy.node_cidrs = {};
  facts.node_cidrs = {};
  azure_routes(facts) = {{"firewall", "0.0.0.0/0", prefix("0.0.0.0/0"), "VirtualAppliance",
                          address("10.240.0.200"), "Succeeded"}};
  EXPECT_EQ(result(facts, "azure.vnet_range").status, checks::CheckStatus::fail);
}

TEST(AzureChecks, ARouteOfOneAddressIsMadeOnPurpose) {
  auto facts = healthy_with_cloud_state();
  azure_routes(facts).push_back({"egress", "10.244.77.7/32", prefix("10.244.77.7/32"), "VirtualAppliance",
                                 address("10.240.0.4"), "Succeeded"});
  EXPECT_TRUE(failures(facts).empty());
}

TEST(AzureChecks, TheCloudConfigOfAnAksNodeIsNotItsRouteControllers) {
  auto facts = healthy_with_cloud_state();
  run_by_aks(facts);
  (*facts.cloud_state.edit().cloud_config)->route_table_name = "old";
  EXPECT_EQ(result(facts, "azure.cloud_config").status, checks::CheckStatus::skip);
}

TEST(AzureChecks, TwoCidrsWithoutRoutesAreFixedByOneRemedy) {
  auto facts = healthy_with_cloud_state();
  azure_routes(facts).clear();
  facts.policy.node_cidrs = {prefix("10.244.1.0/24"), prefix("10.244.3.0/24")};
  const auto found = result(facts, "azure.node_route");
  EXPECT_NE(found.remedy.find("--name worker-1____102441024 --address-prefix 10.244.1.0/24"),
            std::string::npos)
      << found.remedy;
  EXPECT_NE(found.remedy.find(" && az network route-table route create"), std::string::npos) << found.remedy;
  EXPECT_NE(found.remedy.find("--address-prefix 10.244.3.0/24"), std::string::npos) << found.remedy;
}

void lose_node_cidr(checks::Facts& facts) { (*facts.cloud_state.edit().node)->pod_cidrs.clear(); }

TEST(AzureChecks, AMissingRouteTableIsNoFailureWhileTheModeIsAGuess) {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure->subnet->route_table_id.clear();
  ASSERT_EQ(result(facts, "azure.route_table").status, checks::CheckStatus::fail);
  facts.mode_is_a_guess = true;
  EXPECT_EQ(result(facts, "azure.route_table").status, checks::CheckStatus::unknown);
  EXPECT_EQ(result(facts, "azure.ip_forwarding").status, checks::CheckStatus::pass);
  facts.policy.require = {"azure.route_table"};
  EXPECT_EQ(result(facts, "azure.route_table").status, checks::CheckStatus::fail) << "somebody waits for it";
}

TEST(AzureChecks, CalicosOwnIpamNeedsNoNodeCidr) {
  auto facts = testing::calico_vxlan();
  lose_node_cidr(facts);
  EXPECT_TRUE(failures(facts).empty());
  EXPECT_EQ(result(facts, "kubernetes.node_cidr").status, checks::CheckStatus::skip);
  testing::winner_of(facts).plugins.front().ipam = "host-local";
  EXPECT_EQ(result(facts, "kubernetes.node_cidr").status, checks::CheckStatus::fail);
  facts = testing::canal();
  lose_node_cidr(facts);
  EXPECT_EQ(result(facts, "kubernetes.node_cidr").status, checks::CheckStatus::fail)
      << "flannel's lease is the CIDR";
  testing::winner_of(facts).plugins.front().ipam = "calico-ipam";
  EXPECT_EQ(result(facts, "kubernetes.node_cidr").status, checks::CheckStatus::fail)
      << "whatever pods are given";
}

TEST(AzureChecks, ANodeBeforeItsPluginIsBlamedForNoCidr) {
  auto facts = healthy_with_cloud_state();
  lose_node_cidr(facts);
  facts.mode_is_a_guess = true;
  EXPECT_EQ(result(facts, "kubernetes.node_cidr").status, checks::CheckStatus::unknown);
  facts = testing::udr_with_calico();
  lose_node_cidr(facts);
  facts.mode_is_a_guess = true;
  const auto found = result(facts, "kubernetes.node_cidr");
  EXPECT_EQ(found.status, checks::CheckStatus::fail) << "host-local";
  run_by_aks(facts);
  EXPECT_TRUE(result(facts, "kubernetes.node_cidr").remedy.starts_with("# AKS assigns")) << found.remedy;
  (*facts.cloud_state.edit().node)->created = facts.wall - std::chrono::seconds(5);
  EXPECT_EQ(result(facts, "kubernetes.node_cidr").status, checks::CheckStatus::unknown) << "5 s old";
}

TEST(AzureChecks, ANewNodeIsGivenTimeForItsRoute) {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure.reset();
  auto& node = **facts.cloud_state.edit().node;
  for (const auto age : {std::chrono::seconds(20), std::chrono::seconds(200)}) {
    const auto wanted =
        age < std::chrono::seconds(180) ? checks::CheckStatus::unknown : checks::CheckStatus::fail;
    node.created = facts.wall - age;
    node.network_unavailable = {"True", "NodeInitialization", "Waiting for cloud routes", node.created};
    EXPECT_EQ(result(facts, "kubernetes.route_created").status, wanted) << age.count();
    node.network_unavailable = {"False", "CalicoIsUp", "", node.created};
    EXPECT_EQ(result(facts, "kubernetes.route_created").status, wanted) << "Calico's word, not Azure's";
    node.network_unavailable.reset();
    EXPECT_EQ(result(facts, "kubernetes.route_created").status, wanted) << "nobody's word";
  }
}

TEST(AzureChecks, WhereArmShowsTheTableTheRouteControllersWordIsNotNeeded) {
  auto facts = healthy_with_cloud_state();
  (*facts.cloud_state.edit().node)->network_unavailable = {"False", "CalicoIsUp", "",
                                                           facts.wall - std::chrono::hours(1)};
  EXPECT_TRUE(failures(facts).empty());
  EXPECT_EQ(result(facts, "kubernetes.route_created").status, checks::CheckStatus::pass);
  azure_routes(facts).erase(azure_routes(facts).begin());
  ASSERT_EQ(failures(facts).size(), 1U);
  EXPECT_EQ(failures(facts).front().id, "azure.node_route");
}

void lead_here(checks::Facts& facts, const char* cidr) {
  azure_routes(facts).front().destination = cidr;
  azure_routes(facts).front().prefix = prefix(cidr);
}

TEST(AzureChecks, ARouteOverThisNodesCidrsDelivers) {
  for (const auto* cidr : {"10.244.1.0/24", "10.244.0.0/16"}) {
    auto facts = healthy_with_cloud_state();
    lead_here(facts, cidr);
    facts.policy.node_cidrs = {prefix("10.244.1.0/25"), prefix("10.244.1.128/25")};
    EXPECT_EQ(result(facts, "azure.node_route").status, checks::CheckStatus::pass) << cidr;
    EXPECT_EQ(result(facts, "azure.stale_routes").status, checks::CheckStatus::pass) << cidr;
    azure_routes(facts).front().provisioning_state = "Failed";
    EXPECT_EQ(result(facts, "azure.node_route").status, checks::CheckStatus::fail) << cidr;
  }
  // A longer one over it that leads elsewhere wins.
  auto facts = healthy_with_cloud_state();
  lead_here(facts, "10.244.0.0/16");
  azure_routes(facts).push_back({"other", "10.244.0.0/23", prefix("10.244.0.0/23"), "VirtualAppliance",
                                 address("10.240.0.9"), "Succeeded"});
  EXPECT_EQ(result(facts, "azure.node_route").status, checks::CheckStatus::fail);
}

/// What the configuration says of this node's CIDR, with nobody asked but Azure.
checks::Facts configured(const char* cidr) {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().node.reset();
  facts.policy.node_cidr_source = node::NodeCidrSource::static_list;
  facts.policy.node_cidrs = {prefix(cidr)};
  facts.node_cidrs = {.cidrs = {prefix(cidr)}, .source = "static"};
  return facts;
}

TEST(AzureChecks, AWrongNodeCidrPrintsNothingThatTakesAHealthyNodesRoute) {
  for (const auto* cidr :
       {"10.244.2.0/24", "10.244.0.0/16", "10.244.0.0/22", "10.0.0.0/8", "0.0.0.0/0", "10.99.1.0/24"}) {
    const auto facts = configured(cidr);
    for (const auto& each : failures(facts))
      EXPECT_FALSE(each.remedy.starts_with("az ")) << cidr << " " << each.id << ": " << each.remedy;
  }
  // By the name of a healthy node, as in a configuration that was copied to another VM.
  auto facts = configured("10.244.2.0/24");
  facts.node_name = "worker-2";
  EXPECT_TRUE(result(facts, "azure.node_route").remedy.starts_with("# it is not known"));
}

TEST(AzureChecks, WhereSourcesContradictEachOtherThatIsTheOneFault) {
  auto facts = configured("10.244.2.0/24");
  facts.node_cidrs.disagreement = "the configuration has 10.244.2.0/24, the route table 10.244.1.0/24";
  ASSERT_EQ(failures(facts).size(), 1U);
  EXPECT_EQ(failures(facts).front().id, "pods.node_cidr");
  facts.policy.require = {"azure.node_route"};
  EXPECT_TRUE(result(facts, "azure.node_route").holds());
}

/// worker-1, whose Node object has been given the range of worker-2.
checks::Facts with_another_nodes_cidr() {
  auto facts = testing::udr_with_calico();
  const auto other = prefix("10.244.2.0/24");
  facts.policy.node_cidrs = {other};
  facts.node_cidrs = {.cidrs = {other}, .source = "kubernetes"};
  (*facts.cloud_state.edit().node)->pod_cidrs = {other};
  return facts;
}

TEST(AzureChecks, ANodeCidrThatPodsAndTheRouteTableContradictIsTheOneFault) {
  auto facts = with_another_nodes_cidr();
  ASSERT_EQ(failures(facts).size(), 1U);
  const auto told = failures(facts).front();
  EXPECT_EQ(told.id, "pods.node_cidr");
  EXPECT_FALSE(told.holds()) << "it warns";
  EXPECT_EQ(told.message,
            "kubernetes has 10.244.2.0/24, but all pods here have addresses of 10.244.1.0/24, which route "
            "worker-1 of Azure's route table leads to this NIC: 10.244.2.0/24 is used");
  EXPECT_TRUE(told.remedy.starts_with("# find out whose 10.244.2.0/24 is")) << told.remedy;
  EXPECT_NE(result(facts, "pods.addresses").message.find("in dispute"), std::string::npos);
}

TEST(AzureChecks, AFewPodsOrAWiderRouteContradictNoNodeCidr) {
  auto facts = with_another_nodes_cidr();
  testing::add_routed_pod(facts, "cali3a1b2c3d4e5", "10.244.2.8", 3, 1500);
  EXPECT_EQ(result(facts, "pods.node_cidr").status, checks::CheckStatus::pass) << "a pod of the new range";
  facts = with_another_nodes_cidr();
  lead_here(facts, "10.244.0.0/16");
  EXPECT_EQ(result(facts, "pods.node_cidr").status, checks::CheckStatus::pass) << "a route over all pods";
  facts = with_another_nodes_cidr();
  azure_routes(facts).front().next_hop = address("10.240.0.9");
  EXPECT_EQ(result(facts, "pods.node_cidr").status, checks::CheckStatus::pass) << "it leads elsewhere";
  facts = with_another_nodes_cidr();
  testing::data_plane_of(facts).routes.clear();
  EXPECT_EQ(result(facts, "pods.node_cidr").status, checks::CheckStatus::pass)
      << "no pod has a route of its own";
}

TEST(AzureChecks, WithoutCloudStateNothingFails) { EXPECT_TRUE(failures(healthy()).empty()); }

}  // namespace
}  // namespace agent
