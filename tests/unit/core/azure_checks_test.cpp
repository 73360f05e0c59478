#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "agent/core/checks/check_table.h"
#include "tests/unit/core/healthy.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/shell.h"

namespace agent {
namespace {

using testing::address;
using testing::failures;
using testing::healthy;
using testing::healthy_with_evidence;
using testing::prefix;
using testing::result;

std::vector<net::AzureRoute>& routes(Facts& facts) { return (**facts.evidence.azure->route_table).routes; }

void dissociate(Facts& facts) {
  facts.evidence.azure->subnet->route_table_id.clear();
  facts.evidence.azure->route_table = std::optional<net::AzureRouteTable>();
}

/// One thing that is wrong in Azure or Kubernetes; exactly one check says so.
struct CloudFault {
  const char* name;
  std::function<void(Facts&)> inject;
  const char* id;
  const char* message;
  const char* remedy;
};

const CloudFault kCloudFaults[] = {
    {"IpForwardingOff", [](Facts& f) { f.evidence.azure->nic->ip_forwarding = false; }, "azure.ip_forwarding",
     "off for NIC worker-1-nic",
     "az network nic update --ids '/subscriptions/sub-1/resourceGroups/net "
     "(east)/providers/Microsoft.Network/networkInterfaces/worker-1-nic' --ip-forwarding true"},
    {"IpForwardingOffInAUniformSet",
     [](Facts& f) {
       f.evidence.azure->nic->ip_forwarding = false;
       f.evidence.azure->nic->id =
           "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/pool/"
           "virtualMachines/3/networkInterfaces/nic0";
     },
     "azure.ip_forwarding", "NIC nic0",
     "az vmss update-instances --subscription s --resource-group rg --name pool --instance-ids 3"},
    {"RouteTableNotAssociated", dissociate, "azure.route_table",
     "no route table is associated with subnet nodes of virtual network vnet",
     "az network vnet subnet update --ids '/subscriptions/sub-1/resourceGroups/net "
     "(east)/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes' --route-table cluster-routes"},
    {"PodsOutsideTheVirtualNetwork",
     [](Facts& f) { f.evidence.azure->network->address_space = {prefix("10.240.0.0/16")}; },
     "azure.vnet_range", "10.244.0.0/16 is outside virtual network vnet (10.240.0.0/16)",
     "--address-prefixes 10.240.0.0/16 10.244.0.0/16"},
    {"NodeCidrNotAllocated",
     [](Facts& f) {
       (*f.evidence.node)->pod_cidrs.clear();
       (*f.evidence.node)->network_unavailable.reset();
       routes(f).erase(routes(f).begin());
       f.policy.node_cidrs = {};
       f.node_cidrs = {};
       f.desired = desired_routes(f.policy, *f.network, &*f.nic.nic);
       f.standing = stand(f.desired, {f.desired.routes.list(), {}}, {}, {});
     },
     "kubernetes.node_cidr", "worker-1 has no spec.podCIDRs",
     "--allocate-node-cidrs=true --cluster-cidr=10.244.0.0/16"},
    {"CloudConfigNamesNoTable", [](Facts& f) { (*f.evidence.cloud_config)->route_table_name.clear(); },
     "azure.cloud_config", "names no routeTableName", "\"routeTableName\": \"cluster-routes\""},
    {"CloudConfigNamesAnotherTable", [](Facts& f) { (*f.evidence.cloud_config)->route_table_name = "old"; },
     "azure.cloud_config", "names route table old, but cluster-routes in resource group net (east)",
     "cluster-routes"},
    {"CloudConfigNamesAnotherGroup",
     [](Facts& f) { (*f.evidence.cloud_config)->route_table_resource_group = "elsewhere"; },
     "azure.cloud_config", "in resource group elsewhere", "cluster-routes"},
    {"NodeRouteMissing", [](Facts& f) { routes(f).erase(routes(f).begin()); }, "azure.node_route",
     "has no route to 10.244.1.0/24",
     "az network route-table route create --subscription sub-1 --resource-group 'net (east)' "
     "--route-table-name "
     "cluster-routes --name worker-1 --address-prefix 10.244.1.0/24 --next-hop-type VirtualAppliance "
     "--next-hop-ip-address 10.240.0.4"},
    {"NodeRouteFailed", [](Facts& f) { routes(f).front().provisioning_state = "Failed"; }, "azure.node_route",
     "state Failed", "route update"},
    {"NextHopStale", [](Facts& f) { routes(f).front().next_hop = address("10.240.0.77"); },
     "azure.stale_routes", "route worker-1 leads 10.244.1.0/24 to 10.240.0.77", "route update"},
    {"PartOfOursToNone",
     [](Facts& f) {
       routes(f).push_back(
           {"hole", "10.244.1.128/25", prefix("10.244.1.128/25"), "None", std::nullopt, "Succeeded"});
     },
     "azure.stale_routes", "leads 10.244.1.128/25 to None", "route delete"},
    {"OurAddressForOtherPods", [](Facts& f) { routes(f).at(1).next_hop = address("10.240.0.4"); },
     "azure.stale_routes", "leads 10.244.2.0/24 to this node, whose pod CIDR is 10.244.1.0/24",
     "route delete"},
    {"RouteNotCreated",
     [](Facts& f) {
       (*f.evidence.node)->network_unavailable = {"True", "NoRouteCreated",
                                                  "RouteController failed to create a route",
                                                  f.wall - std::chrono::minutes(10)};
     },
     "kubernetes.route_created", "NetworkUnavailable is True (NoRouteCreated) since 10 min",
     "kubectl get events"},
    {"NobodySaysThatTheRouteWasMade",
     [](Facts& f) {
       f.evidence.azure.reset();
       (*f.evidence.node)->network_unavailable->reason = "CalicoIsUp";
     },
     "kubernetes.route_created", "(CalicoIsUp)", "--configure-cloud-routes=true"},
    {"SourcesDisagree",
     [](Facts& f) {
       f.node_cidrs.disagreement = "spec.podCIDRs says 10.244.1.0/24, pods.node_cidrs says 10.244.7.0/24";
     },
     "pods.node_cidr", "10.244.7.0/24", "pods.node_cidrs"},
};

class AzureFault : public ::testing::TestWithParam<CloudFault> {};

TEST_P(AzureFault, IsNamedByOneCheckAloneAndHoldsNothing) {
  auto facts = healthy_with_evidence();
  ASSERT_TRUE(failures(facts).empty()) << failures(facts).front().message;
  GetParam().inject(facts);
  const auto failed = failures(facts);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.front().id, GetParam().id);
  EXPECT_NE(failed.front().message.find(GetParam().message), std::string::npos) << failed.front().message;
  EXPECT_NE(failed.front().remedy.find(GetParam().remedy), std::string::npos) << failed.front().remedy;
  EXPECT_FALSE(failed.front().why.empty());
  EXPECT_FALSE(failed.front().gate);
}

TEST_P(AzureFault, HasARemedyThatAShellCanRead) {
  auto facts = healthy_with_evidence();
  GetParam().inject(facts);
  EXPECT_TRUE(testing::is_shell(failures(facts).front().remedy)) << failures(facts).front().remedy;
}

INSTANTIATE_TEST_SUITE_P(Azure, AzureFault, ::testing::ValuesIn(kCloudFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(AzureChecks, WhatCouldNotBeReadIsUnknownAndNothingElse) {
  auto facts = healthy_with_evidence();
  const auto refused = net::failure(EACCES, "no permission for Microsoft.Network/networkInterfaces/read");
  facts.evidence.azure->nic = refused;
  facts.evidence.azure->subnet = refused;
  facts.evidence.azure->route_table = refused;
  facts.evidence.azure->network = refused;
  facts.evidence.node = net::failure(ETIMEDOUT, "the API server does not answer");
  facts.evidence.cloud_config = net::failure(ENOENT, "no /etc/kubernetes/azure.json");
  EXPECT_TRUE(failures(facts).empty());
  for (const auto* id :
       {"azure.ip_forwarding", "azure.route_table", "azure.node_route", "azure.stale_routes",
        "azure.vnet_range", "azure.cloud_config", "kubernetes.node_cidr", "kubernetes.route_created"}) {
    EXPECT_EQ(result(facts, id).status, CheckStatus::unknown) << id;
  }
  EXPECT_NE(result(facts, "azure.ip_forwarding").message.find("networkInterfaces/read"), std::string::npos);
  EXPECT_TRUE(is_ready(assess(facts, {}, facts.wall)));
}

TEST(AzureChecks, WhatIsRequiredHoldsReadiness) {
  auto facts = healthy_with_evidence();
  facts.evidence.azure->nic->ip_forwarding = false;
  facts.policy.require = {"azure.ip_forwarding"};
  EXPECT_FALSE(is_ready(assess(facts, {}, facts.wall)));
}

TEST(AzureChecks, DoNotApplyWhereTheyAreOffOrTheModeHasNoRouteTable) {
  auto facts = healthy_with_evidence();
  facts.evidence.azure->nic->ip_forwarding = false;
  facts.policy.azure_verified = false;
  EXPECT_EQ(result(facts, "azure.ip_forwarding").status, CheckStatus::skip);
  facts.policy.azure_verified = true;
  facts.policy.mode = Mode::flannel;
  EXPECT_EQ(result(facts, "azure.ip_forwarding").status, CheckStatus::skip);
}

TEST(AzureChecks, ARouteThatIsBeingMadeIsNoFault) {
  auto facts = healthy_with_evidence();
  routes(facts).front().provisioning_state = "Updating";
  EXPECT_EQ(result(facts, "azure.node_route").status, CheckStatus::unknown);
}

TEST(AzureChecks, ANewNodeIsGivenTimeForItsRoute) {
  auto facts = healthy_with_evidence();
  facts.evidence.azure.reset();
  auto& node = **facts.evidence.node;
  for (const auto age : {std::chrono::seconds(20), std::chrono::seconds(200)}) {
    const auto wanted = age < std::chrono::seconds(180) ? CheckStatus::unknown : CheckStatus::fail;
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
  auto facts = healthy_with_evidence();
  (*facts.evidence.node)->network_unavailable = {"False", "CalicoIsUp", "",
                                                 facts.wall - std::chrono::hours(1)};
  EXPECT_TRUE(failures(facts).empty());
  routes(facts).erase(routes(facts).begin());
  ASSERT_EQ(failures(facts).size(), 1U);
  EXPECT_EQ(failures(facts).front().id, "azure.node_route");
}

TEST(AzureChecks, WithoutAnyEvidenceNothingFails) { EXPECT_TRUE(failures(healthy()).empty()); }

}  // namespace
}  // namespace agent
