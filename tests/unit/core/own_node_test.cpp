#include "node/own_node.h"

#include <gtest/gtest.h>

#include "net/foreign_text.h"
#include "tests/unit/core/healthy_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::address;
using testing::failures;
using testing::prefix;
using testing::result;
using namespace std::chrono_literals;

constexpr auto kVm = "/subscriptions/Sub-1/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/vm1";
constexpr auto kInstance =
    "/subscriptions/sub-1/resourceGroups/mc_rg/providers/Microsoft.Compute/virtualMachineScaleSets/"
    "aks-pool-vmss/virtualMachines/10";

struct Sign {
  const char* resource_id;
  std::string provider_id;
  std::vector<const char*> addresses;
  node::NodeIs told;
};

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string azure(std::string id) { return "azure://" + id; }

TEST(OwnNode, IsToldByItsProviderIdThenByItsAddresses) {
  const Sign signs[] = {
      {kVm, azure(kVm), {}, node::NodeIs::this_machine},
      {kVm, "AZURE://" + net::lower(kVm), {"10.240.0.99"}, node::NodeIs::this_machine},
      {kVm, azure(changed(kVm, "vm1", "VM1")), {}, node::NodeIs::this_machine},
      {kVm, azure(changed(kVm, "vm1", "vm2")), {}, node::NodeIs::another_machine},
      {kVm, azure(changed(kVm, "vm1", "vm2")), {"10.240.0.4"}, node::NodeIs::another_machine},
      {kVm, azure(changed(kVm, "vm1", "vm11")), {}, node::NodeIs::another_machine},
      {kInstance, azure(kInstance), {}, node::NodeIs::this_machine},
      {kInstance, azure(changed(kInstance, "mc_rg", "MC_RG")), {}, node::NodeIs::this_machine},
      {kInstance, azure(changed(kInstance, "/10", "/11")), {}, node::NodeIs::another_machine},
      {kInstance, azure(changed(kInstance, "/10", "/010")), {}, node::NodeIs::this_machine},
      {kInstance, azure(changed(kInstance, "/10", "/aks-pool-vmss00000A")), {}, node::NodeIs::this_machine},
      {kInstance,
       azure(changed(kInstance, "/10", "/aks-pool-vmss000010")),
       {},
       node::NodeIs::another_machine},
      {kInstance, azure(changed(kInstance, "pool", "other")), {}, node::NodeIs::another_machine},
      // Moved to another group or subscription: the address tells.
      {kVm, azure(changed(kVm, "RG", "old")), {"10.240.0.4"}, node::NodeIs::this_machine},
      {kVm, azure(changed(kVm, "RG", "old")), {"10.240.0.5"}, node::NodeIs::another_machine},
      {kVm, azure(changed(kVm, "RG", "old")), {}, node::NodeIs::not_told},
      // A flexible scale set's VM by one name or the other.
      {kVm, azure(changed(kInstance, "/10", "/vm1")), {}, node::NodeIs::not_told},
      // No cloud provider's, or none yet.
      {kVm, "", {}, node::NodeIs::not_told},
      {kVm, "", {"10.240.0.4"}, node::NodeIs::this_machine},
      {kVm, "", {"10.240.0.5"}, node::NodeIs::another_machine},
      {kVm, "", {"10.240.0.5", "fe80::1", "10.240.0.4"}, node::NodeIs::this_machine},
      {kVm, "k3s://vm2", {}, node::NodeIs::not_told},
      {kVm, "azure://", {"10.240.0.5"}, node::NodeIs::another_machine},
      {"", azure(kVm), {"10.240.0.4"}, node::NodeIs::this_machine},
  };
  for (const auto& sign : signs) {
    SCOPED_TRACE(sign.provider_id);
    auto network = testing::network();
    network.identity.resource_id = sign.resource_id;
    observed::KubernetesNode node{.name = "n", .pod_cidrs = {}, .created = {}, .network_unavailable = {}};
    node.provider_id = sign.provider_id;
    for (const auto* each : sign.addresses) node.internal_addresses.push_back(address(each));
    EXPECT_EQ(node::identify_node(node, network, std::array{testing::eth0()}), sign.told);
  }
}

TEST(OwnNode, AnAddressOfALinkThatAzureDoesNotKnowIsHere) {
  auto vpn = testing::link(7, "wg0", "00:00:00:00:00:07", {{address("10.9.0.1"), 24}});
  observed::KubernetesNode node{.name = "n", .pod_cidrs = {}, .created = {}, .network_unavailable = {}};
  node.internal_addresses = {address("10.9.0.1")};
  EXPECT_EQ(node::identify_node(node, testing::network(), std::array{testing::eth0(), vpn}),
            node::NodeIs::this_machine);
}

observed::CloudState told_of(std::string_view name, std::string_view cidr, std::string_view own_address) {
  observed::CloudState cloud_state;
  cloud_state.node = observed::KubernetesNode{std::string(name), {prefix(cidr)}, {}, {}};
  (*cloud_state.node)->internal_addresses = {address(own_address)};
  return cloud_state;
}

bool sinks(testing::Node& node, std::string_view cidr) {
  const auto routes = *node.kernel.routes(169);
  return std::any_of(routes.begin(), routes.end(), [cidr](const net::Route& route) {
    return route.type == net::RouteType::blackhole && route.key.destination == prefix(cidr);
  });
}

node::Policy knowing_no_cidr() {
  auto policy = testing::Node::udr();
  policy.node_cidrs = {};
  return policy;
}

TEST(OwnNode, AnotherMachinesCidrIsNotTakenWhateverComesFirst) {
  for (const bool cloud_state_first : {false, true}) {
    testing::Node node(knowing_no_cidr());
    const auto of_vm2 = told_of("vm2", "10.244.2.0/24", "10.240.0.5");
    if (cloud_state_first) node.engine().take_cloud_state(of_vm2, node.now);
    node.reading(testing::network());
    if (!cloud_state_first) node.engine().take_cloud_state(of_vm2, node.now);
    node.run_for(10s);
    EXPECT_FALSE(sinks(node, "10.244.2.0/24")) << cloud_state_first;
    EXPECT_TRUE(node.engine().node_cidrs().cidrs.empty()) << "nor kept for the next start";
  }
}

TEST(OwnNode, AnotherMachinesCidrTakesTheKnownOneNotAway) {
  testing::Node node(knowing_no_cidr());
  node.engine().take_cloud_state(told_of("vm1", "10.244.1.0/24", "10.240.0.4"), node.now);
  node.reading(testing::network());
  node.run_for(10s);
  ASSERT_TRUE(sinks(node, "10.244.1.0/24")) << "heard before IMDS";
  node.engine().take_cloud_state(told_of("vm2", "10.244.2.0/24", "10.240.0.5"), node.now);
  node.run_for(10min);
  EXPECT_TRUE(sinks(node, "10.244.1.0/24"));
  EXPECT_FALSE(sinks(node, "10.244.2.0/24"));
}

/// kubernetes.node_name names vm2, as in a configuration that was copied.
checks::Facts misnamed(checks::Facts facts) {
  facts.node_name = "vm2";
  auto& node = **facts.cloud_state.edit().node;
  node.name = "vm2";
  node.pod_cidrs = {prefix("10.244.2.0/24")};
  node.internal_addresses = {address("10.240.0.5")};
  node.provider_id = azure(changed(facts.network->identity.resource_id, "worker-1", "vm2"));
  facts.cloud_state.edit().node = node::own_node(facts.cloud_state->node, facts.network, *facts.links);
  return facts;
}

TEST(OwnNode, OneCheckSaysThatItIsAnotherMachine) {
  for (const bool known : {true, false}) {
    auto facts = misnamed(testing::udr_with_calico());
    if (!known) {
      facts.policy.node_cidrs = {};
      facts.node_cidrs = {.cidrs = {}, .source = "", .awaited = true};
      facts.desired = node::desired_routes(facts.policy, *facts.network, &*facts.nic.nic);
      facts.sync = routing::evaluate_sync(facts.desired, {facts.desired.routes.list(), {}}, {}, {});
    }
    const auto failed = failures(facts);
    ASSERT_EQ(failed.size(), 1U) << failed.at(1).id << failed.at(1).message;
    EXPECT_EQ(failed.front().id, "kubernetes.node_cidr");
    EXPECT_TRUE(failed.front().message.starts_with(
        "Node vm2 is another machine (10.240.0.5, providerID azure:///subscriptions/"))
        << failed.front().message;
    EXPECT_TRUE(failed.front().remedy.starts_with("# set kubernetes.node_name")) << failed.front().remedy;
    EXPECT_NE(failed.front().remedy.find("INTERNAL-IP 10.240.0.4"), std::string::npos);
    EXPECT_EQ(result(facts, "kubernetes.route_created").status, checks::CheckStatus::unknown);
    EXPECT_EQ(result(facts, "calico.node_name").status, checks::CheckStatus::unknown);
    EXPECT_TRUE(checks::is_ready(checks::assess(facts, {}, facts.wall)));
  }
}

TEST(OwnNode, WhereTheCidrMustComeFromKubernetesThatIsWhatHolds) {
  auto facts = misnamed(testing::udr_with_calico());
  facts.policy.node_cidr_source = node::NodeCidrSource::kubernetes;
  facts.policy.node_cidrs = {};
  facts.node_cidrs = {.cidrs = {}, .source = "", .awaited = true};
  facts.desired = node::desired_routes(facts.policy, *facts.network, &*facts.nic.nic);
  facts.sync = routing::evaluate_sync(facts.desired, {facts.desired.routes.list(), {}}, {}, {});
  const auto failed = failures(facts);
  ASSERT_EQ(failed.size(), 1U) << failed.at(1).id;
  EXPECT_EQ(failed.front().id, "pods.node_cidr");
  EXPECT_NE(failed.front().message.find("Node vm2 is another machine"), std::string::npos);
  EXPECT_TRUE(failed.front().remedy.starts_with("# set kubernetes.node_name")) << failed.front().remedy;
}

TEST(OwnNode, NoMissingRouteOfAKnownCidrIsMadeUnderAnothersName) {
  auto facts = misnamed(testing::udr_with_calico());
  (**facts.cloud_state.edit().azure->route_table).routes.clear();
  EXPECT_EQ(result(facts, "azure.node_route").status, checks::CheckStatus::unknown);
}

}  // namespace
}  // namespace agent
