#pragma once

#include "agent/core/facts.h"
#include "agent/core/standing.h"
#include "tests/unit/core/build.h"

// Facts of nodes on which every check passes or does not apply: what tests break.
namespace agent::testing {

/// A udr node that has asked neither Azure nor Kubernetes.
inline Facts healthy() {
  Facts facts;
  facts.policy.cluster_cidrs = {prefix("10.244.0.0/16")};
  facts.policy.node_cidrs = {prefix("10.244.1.0/24")};
  facts.started = MonoTime{} + std::chrono::hours(1);
  facts.now = facts.started + std::chrono::hours(1);
  facts.wall = WallTime{} + std::chrono::hours(24 * 365 * 50);
  facts.node_name = "worker-1";
  facts.imds = {.source = ImdsSource::live,
                .last_success = WallTime{},
                .last_success_mono = facts.now,
                .api_version = "2021-02-01",
                .last_error = ""};
  facts.network = network();
  facts.network->identity.resource_id =
      "/subscriptions/sub-1/resourceGroups/cluster/providers/Microsoft.Compute/virtualMachines/worker-1";
  ResolvedNic resolved;
  resolved.azure = nic();
  resolved.link = eth0();
  resolved.primary = true;
  resolved.gateway_v4 = Gateway{address("10.240.0.1"), false};
  facts.nic.nic = resolved;
  facts.links = {eth0()};
  facts.surroundings.cni.emplace();
  facts.surroundings.cni->configuration = net::CniConfiguration{};
  facts.sysctls.emplace("net/ipv4/ip_forward", "1");
  facts.sysctls.emplace("net/ipv4/conf/eth0/forwarding", "1");
  facts.sysctls.emplace("net/ipv4/conf/all/rp_filter", "1");
  facts.sysctls.emplace("net/ipv4/conf/eth0/rp_filter", "1");
  facts.desired = desired_routes(facts.policy, *facts.network, &*facts.nic.nic);
  facts.routes_seen = true;
  facts.standing = stand(facts.desired, {facts.desired.routes.list(), {}}, {}, {});
  return facts;
}

inline constexpr auto kNetworkGroup =
    "/subscriptions/sub-1/resourceGroups/net (east)/providers/Microsoft.Network";

/// What Azure says where everything is as Calico's page asks.
inline net::AzureNetwork azure_as_it_should_be() {
  const std::string group = kNetworkGroup;
  const auto subnet_id = group + "/virtualNetworks/vnet/subnets/nodes";
  const auto table_id = group + "/routeTables/cluster-routes";
  net::AzureNetwork azure;
  azure.nic = net::AzureNic{
      group + "/networkInterfaces/worker-1-nic", mac(kMac), true, {{address("10.240.0.4"), subnet_id, true}}};
  azure.subnet = net::AzureSubnet{subnet_id, {prefix("10.240.0.0/24")}, table_id};
  net::AzureRouteTable table{table_id, "Succeeded", {}};
  table.routes = {{"worker-1", "10.244.1.0/24", prefix("10.244.1.0/24"), "VirtualAppliance",
                   address("10.240.0.4"), "Succeeded"},
                  {"worker-2", "10.244.2.0/24", prefix("10.244.2.0/24"), "VirtualAppliance",
                   address("10.240.0.5"), "Succeeded"},
                  {"storage", "Storage.WestEurope", std::nullopt, "Internet", std::nullopt, "Succeeded"}};
  azure.route_table = std::optional(table);
  azure.network = net::AzureVirtualNetwork{group + "/virtualNetworks/vnet", {prefix("10.240.0.0/12")}};
  return azure;
}

/// The healthy node, with Azure and Kubernetes asked and content.
inline Facts healthy_with_evidence() {
  auto facts = healthy();
  facts.evidence.azure = azure_as_it_should_be();
  facts.evidence.node =
      net::KubernetesNode{"worker-1",
                          {prefix("10.244.1.0/24")},
                          facts.wall - std::chrono::hours(2),
                          net::KubernetesCondition{"False", "RouteCreated", "RouteController created a route",
                                                   facts.wall - std::chrono::hours(1)}};
  (*facts.evidence.node)->provider_id = "azure://" + facts.network->identity.resource_id;
  (*facts.evidence.node)->internal_addresses = {address("10.240.0.4")};
  facts.evidence.cloud_config = net::CloudConfig{.cloud = "AzurePublicCloud",
                                                 .resource_manager_endpoint = "",
                                                 .route_table_name = "cluster-routes",
                                                 .route_table_resource_group = "NET (EAST)",
                                                 .user_assigned_identity = "",
                                                 .resource_group = "cluster",
                                                 .subscription = "SUB-1"};
  facts.node_cidrs = {.cidrs = facts.policy.node_cidrs.list(), .source = "kubernetes"};
  return facts;
}

}  // namespace agent::testing
