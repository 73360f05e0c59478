#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>

#include "checks/check_table.h"
#include "tests/unit/core/azure_changes.h"
#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/healthy_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/shell.h"

namespace agent {
namespace {

using testing::address;
using testing::azure_routes;
using testing::dissociate;
using testing::failures;
using testing::healthy_with_cloud_state;
using testing::prefix;
using testing::run_by_aks;

/// One thing that is wrong in Azure or Kubernetes; exactly one check says so.
struct CloudFault {
  const char* name;
  std::function<void(checks::Facts&)> inject;
  const char* id;
  const char* message;
  const char* remedy;
};

const CloudFault kCloudFaults[] = {
    {"IpForwardingOff", [](checks::Facts& f) { f.cloud_state.edit().azure->nic->ip_forwarding = false; },
     "azure.ip_forwarding", "off for NIC worker-1-nic",
     "az network nic update --ids '/subscriptions/sub-1/resourceGroups/net "
     "(east)/providers/Microsoft.Network/networkInterfaces/worker-1-nic' --ip-forwarding true"},
    {"IpForwardingOffInAUniformSet",
     [](checks::Facts& f) {
       f.cloud_state.edit().azure->nic->ip_forwarding = false;
       f.cloud_state.edit().azure->nic->id =
           "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/pool/"
           "virtualMachines/3/networkInterfaces/nic0";
     },
     "azure.ip_forwarding", "NIC nic0",
     "az vmss update --subscription s --resource-group rg --name pool --set "
     "'virtualMachineProfile.networkProfile.networkInterfaceConfigurations[name=nic0].enableIPForwarding="
     "true' && "
     "az vmss update-instances --subscription s --resource-group rg --name pool --instance-ids 3   # this "
     "brings "
     "the whole latest model"},
    {"IpForwardingOffInAFlexibleSet",
     [](checks::Facts& f) {
       f.cloud_state.edit().azure->nic->ip_forwarding = false;
       f.network->identity.vm_scale_set = "pool";
     },
     "azure.ip_forwarding", "NIC worker-1-nic",
     "--ip-forwarding true   # and enableIPForwarding in the profile of scale set pool"},
    {"IpForwardingOffOnAks",
     [](checks::Facts& f) {
       f.cloud_state.edit().azure->nic->ip_forwarding = false;
       run_by_aks(f);
     },
     "azure.ip_forwarding", "NIC worker-1-nic", "# AKS made NIC "},
    {"RouteTableNotAssociated", dissociate, "azure.route_table",
     "no route table is associated with subnet nodes of virtual network vnet",
     "az network vnet subnet update --ids '/subscriptions/sub-1/resourceGroups/net "
     "(east)/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes' --route-table "
     "'/subscriptions/SUB-1/resourceGroups/NET "
     "(EAST)/providers/Microsoft.Network/routeTables/cluster-routes'"},
    {"RouteTableIsInTheClustersGroup",
     [](checks::Facts& f) {
       dissociate(f);
       (*f.cloud_state.edit().cloud_config)->route_table_resource_group.clear();
     },
     "azure.route_table", "no route table",
     "--route-table /subscriptions/SUB-1/resourceGroups/cluster/providers/Microsoft.Network/routeTables/"
     "cluster-routes"},
    {"RouteTableIsInTheNetworksSubscription",
     [](checks::Facts& f) {
       dissociate(f);
       (*f.cloud_state.edit().cloud_config)->network_subscription = "sub-2";
     },
     "azure.route_table", "no route table", "--route-table '/subscriptions/sub-2/resourceGroups/NET (EAST)/"},
    {"RouteTableWhereTheVmIsForAllThatTheConfigurationLeavesOut",
     [](checks::Facts& f) {
       dissociate(f);
       auto& config = **f.cloud_state.edit().cloud_config;
       config.route_table_resource_group.clear();
       config.resource_group.clear();
       config.subscription.clear();
     },
     "azure.route_table", "no route table",
     "--route-table /subscriptions/sub-1/resourceGroups/cluster/providers/Microsoft.Network/routeTables/"
     "cluster-routes"},
    {"RouteTableOfAnAksNodeWithAVirtualNetworkElsewhere",  // AKS#718
     [](checks::Facts& f) {
       dissociate(f);
       run_by_aks(f);
       auto& config = **f.cloud_state.edit().cloud_config;
       config.route_table_resource_group.clear();
       config.resource_group = "MC_rg_cluster_westeurope";
     },
     "azure.route_table", "no route table",
     "--route-table /subscriptions/SUB-1/resourceGroups/MC_rg_cluster_westeurope/providers/"},
    {"NobodyNamesARouteTable",
     [](checks::Facts& f) {
       dissociate(f);
       f.cloud_state.edit().cloud_config = net::failure(ENOENT, "no /etc/kubernetes/azure.json");
     },
     "azure.route_table", "no route table",
     "az network route-table list --subscription sub-1 --output table   # then"},
    {"PodsOutsideTheVirtualNetworkThatNoRouteLeadsTo",
     [](checks::Facts& f) {
       f.policy.cluster_cidrs = testing::with(f.policy.cluster_cidrs, std::array{"192.168.0.0/16"});
     },
     "azure.vnet_range",
     "192.168.0.0/16 is outside virtual network vnet (10.240.0.0/12), and no route of table cluster-routes "
     "leads",
     "# let the route controller write a route of each node into table cluster-routes"},
    {"NodeCidrNotAllocated",
     [](checks::Facts& f) {
       (*f.cloud_state.edit().node)->pod_cidrs.clear();
       (*f.cloud_state.edit().node)->network_unavailable.reset();
       azure_routes(f).erase(azure_routes(f).begin());
       f.policy.node_cidrs = {};
       f.node_cidrs = {};
       f.desired = node::desired_routes(f.policy, *f.network, &*f.nic.nic);
       f.sync = routing::evaluate_sync(f.desired, {f.desired.routes.list(), {}}, {}, {});
     },
     "kubernetes.node_cidr", "worker-1 has no spec.podCIDRs",
     "--allocate-node-cidrs=true --cluster-cidr=10.244.0.0/16"},
    {"CloudConfigNamesNoTable",
     [](checks::Facts& f) { (*f.cloud_state.edit().cloud_config)->route_table_name.clear(); },
     "azure.cloud_config", "names no routeTableName",
     "# set routeTableName to cluster-routes in /etc/kubernetes/azure.json of every control-plane node"},
    {"CloudConfigNamesAnotherTable",
     [](checks::Facts& f) { (*f.cloud_state.edit().cloud_config)->route_table_name = "old"; },
     "azure.cloud_config", "names route table old, but cluster-routes in resource group net (east)",
     "cluster-routes"},
    {"CloudConfigNamesAnotherGroup",
     [](checks::Facts& f) { (*f.cloud_state.edit().cloud_config)->route_table_resource_group = "elsewhere"; },
     "azure.cloud_config", "in resource group elsewhere", "routeTableResourceGroup to 'net (east)'"},
    {"CloudConfigMeansTheClustersGroup",
     [](checks::Facts& f) { (*f.cloud_state.edit().cloud_config)->route_table_resource_group.clear(); },
     "azure.cloud_config",
     "names route table cluster-routes in resource group cluster, but cluster-routes in resource group net "
     "(east)",
     "routeTableResourceGroup"},
    {"CloudConfigMeansAnotherSubscription",
     [](checks::Facts& f) { (*f.cloud_state.edit().cloud_config)->network_subscription = "sub-2"; },
     "azure.cloud_config", "cluster-routes in subscription sub-2", "routeTableName"},
    {"NodeRouteMissing", [](checks::Facts& f) { azure_routes(f).erase(azure_routes(f).begin()); },
     "azure.node_route", "has no route to 10.244.1.0/24",
     "az network route-table route create --subscription sub-1 --resource-group 'net (east)' "
     "--route-table-name "
     "cluster-routes --name worker-1 --address-prefix 10.244.1.0/24 --next-hop-type VirtualAppliance "
     "--next-hop-ip-address 10.240.0.4"},
    {"NodeRouteStillLeadsAFormerCidr",
     [](checks::Facts& f) {
       azure_routes(f).front().name = "WORKER-1";
       azure_routes(f).front().destination = "10.244.9.0/24";
       azure_routes(f).front().prefix = prefix("10.244.9.0/24");
     },
     "azure.node_route", "route WORKER-1 of this node still leads 10.244.9.0/24",
     "route update --subscription sub-1 --resource-group 'net (east)' --route-table-name cluster-routes "
     "--name "
     "WORKER-1 --address-prefix 10.244.1.0/24 --next-hop-type VirtualAppliance --next-hop-ip-address "
     "10.240.0.4"},
    {"NodeRouteFailed", [](checks::Facts& f) { azure_routes(f).front().provisioning_state = "Failed"; },
     "azure.node_route", "state Failed", "route update"},
    {"NextHopStale", [](checks::Facts& f) { azure_routes(f).front().next_hop = address("10.240.0.77"); },
     "azure.node_route", "route worker-1 leads 10.244.1.0/24 to 10.240.0.77", "route update"},
    {"PartOfOursToNone",
     [](checks::Facts& f) {
       azure_routes(f).push_back({"worker-1____x", "10.244.1.128/25", prefix("10.244.1.128/25"), "None",
                                  std::nullopt, "Succeeded"});
     },
     "azure.stale_routes", "leads 10.244.1.128/25 to None",
     "route update --subscription sub-1 --resource-group 'net (east)' --route-table-name cluster-routes "
     "--name worker-1____x "
     "--next-hop-type VirtualAppliance --next-hop-ip-address 10.240.0.4"},
    {"PartOfOursToNoneUnderAnotherName",
     [](checks::Facts& f) {
       azure_routes(f).push_back(
           {"hole", "10.244.1.128/25", prefix("10.244.1.128/25"), "None", std::nullopt, "Succeeded"});
     },
     "azure.stale_routes", "leads 10.244.1.128/25 to None",
     "# it is not known here whose pods 10.244.1.128/25 are: lead hole of table cluster-routes to "
     "10.240.0.4 if"},
    {"NoRouteAndNoRouteCreated",
     [](checks::Facts& f) {
       azure_routes(f).erase(azure_routes(f).begin());
       (*f.cloud_state.edit().node)->network_unavailable = {"True", "NoRouteCreated", "none was made",
                                                            f.wall - std::chrono::minutes(10)};
     },
     "azure.node_route", "has no route to 10.244.1.0/24", "az network route-table route create"},
    {"TheNameOfOurRouteIsAFirewalls",
     [](checks::Facts& f) {
       azure_routes(f).front() = {"WORKER-1",         "0.0.0.0/0",         prefix("0.0.0.0/0"),
                                  "VirtualAppliance", address("10.1.1.4"), "Succeeded"};
     },
     "azure.node_route", "has no route to 10.244.1.0/24, and WORKER-1 leads 0.0.0.0/0 to 10.1.1.4",
     "# rename route WORKER-1 of table cluster-routes"},
    {"TheNameOfOurRouteLeadsToAnotherNode",
     [](checks::Facts& f) {
       azure_routes(f).front() = {"worker-1",         "10.244.9.0/24",       prefix("10.244.9.0/24"),
                                  "VirtualAppliance", address("10.240.0.9"), "Succeeded"};
     },
     "azure.node_route", "and worker-1 leads 10.244.9.0/24 to 10.240.0.9", "# rename route worker-1"},
    {"TheNodesCidrIsAnothersByAForeignRoute",
     [](checks::Facts& f) {
       azure_routes(f).front().name = "worker-9";
       azure_routes(f).front().next_hop = address("10.240.0.9");
     },
     "azure.node_route", "route worker-9 leads 10.244.1.0/24 to 10.240.0.9",
     "# it is not known here whose pods 10.244.1.0/24 are"},
    {"OurAddressForOtherPods",
     [](checks::Facts& f) { azure_routes(f).at(1).next_hop = address("10.240.0.4"); }, "azure.stale_routes",
     "leads 10.244.2.0/24 to this node, whose pod CIDR is 10.244.1.0/24",
     "# it is not known here whose pods these are: lead worker-2 of table cluster-routes"},
    {"RouteNotCreated",
     [](checks::Facts& f) {
       (*f.cloud_state.edit().node)->network_unavailable = {"True", "NoRouteCreated",
                                                            "RouteController failed to create a route",
                                                            f.wall - std::chrono::minutes(10)};
     },
     "kubernetes.route_created", "NetworkUnavailable is True (NoRouteCreated) since 10 min",
     "kubectl get events"},
    {"NobodySaysThatTheRouteWasMade",
     [](checks::Facts& f) {
       f.cloud_state.edit().azure.reset();
       (*f.cloud_state.edit().node)->network_unavailable->reason = "CalicoIsUp";
     },
     "kubernetes.route_created", "(CalicoIsUp)",
     "# start cloud-controller-manager with --configure-cloud-routes=true, or let ARM be read"},
    {"NobodySaysThatTheRouteWasMadeOnAks",
     [](checks::Facts& f) {
       f.cloud_state.edit().azure.reset();
       (*f.cloud_state.edit().node)->network_unavailable->reason = "CalicoIsUp";
       run_by_aks(f);
     },
     "kubernetes.route_created", "(CalicoIsUp)", "# let ARM be read"},
    {"SourcesDisagree",
     [](checks::Facts& f) {
       f.node_cidrs.disagreement = "spec.podCIDRs has 10.244.1.0/24, pods.node_cidrs has 10.244.7.0/24";
     },
     "pods.node_cidr", "10.244.7.0/24", "pods.node_cidrs"},
};

const bool kCloudFaultsAreListed = testing::list_broken(kCloudFaults, healthy_with_cloud_state);

class AzureFault : public ::testing::TestWithParam<CloudFault> {};

TEST_P(AzureFault, IsNamedByOneCheckAloneAndHoldsNothing) {
  auto facts = healthy_with_cloud_state();
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
  auto facts = healthy_with_cloud_state();
  GetParam().inject(facts);
  EXPECT_TRUE(testing::is_shell(failures(facts).front().remedy)) << failures(facts).front().remedy;
}

INSTANTIATE_TEST_SUITE_P(Azure, AzureFault, ::testing::ValuesIn(kCloudFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(AzureChecks, AnIdThatIsNoNameIsNotPutIntoAPathOfAz) {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure->nic->ip_forwarding = false;
  facts.cloud_state.edit().azure->nic->id =
      "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/pool/"
      "virtualMachines/3/networkInterfaces/nic0].x=1";
  EXPECT_TRUE(result(facts, "azure.ip_forwarding").remedy.starts_with("# "));
}

}  // namespace
}  // namespace agent
