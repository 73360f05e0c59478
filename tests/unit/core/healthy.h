#pragma once

#include "checks/facts.h"
#include "routing/sync_status.h"
#include "tests/unit/core/build.h"

// Facts of nodes on which every check passes or does not apply: what tests break.
namespace agent::testing {

/// A udr node that has asked neither Azure nor Kubernetes.
inline checks::Facts healthy() {
  checks::Facts facts;
  facts.policy.cluster_cidrs = {prefix("10.244.0.0/16")};
  facts.policy.node_cidrs = {prefix("10.244.1.0/24")};
  facts.started = net::MonoTime{} + std::chrono::hours(1);
  facts.now = facts.started + std::chrono::hours(1);
  facts.wall = net::WallTime{} + std::chrono::hours(24 * 365 * 50);
  facts.node_name = "worker-1";
  facts.imds = {.source = node::ImdsSource::live,
                .last_success = net::WallTime{},
                .last_success_mono = facts.now,
                .api_version = "2021-02-01",
                .last_error = ""};
  facts.network = network();
  facts.network->identity.resource_id =
      "/subscriptions/sub-1/resourceGroups/cluster/providers/Microsoft.Compute/virtualMachines/worker-1";
  node::ResolvedNic resolved;
  resolved.azure = nic();
  resolved.link = eth0();
  resolved.primary = true;
  resolved.gateway_v4 = node::Gateway{address("10.240.0.1"), false};
  facts.nic.nic = resolved;
  facts.links = std::vector{eth0()};
  facts.environment.edit().cni.emplace();
  facts.environment.edit().cni->configuration = observed::CniConfiguration{};
  facts.sysctls.emplace("net/ipv4/ip_forward", "1");
  facts.sysctls.emplace("net/ipv4/conf/eth0/forwarding", "1");
  facts.sysctls.emplace("net/ipv4/conf/all/rp_filter", "1");
  facts.sysctls.emplace("net/ipv4/conf/eth0/rp_filter", "1");
  facts.desired = node::desired_routes(facts.policy, *facts.network, &*facts.nic.nic);
  facts.routes_seen = true;
  facts.sync = routing::evaluate_sync(facts.desired, {facts.desired.routes.list(), {}}, {}, {});
  return facts;
}

inline constexpr auto kNetworkGroup =
    "/subscriptions/sub-1/resourceGroups/net (east)/providers/Microsoft.Network";

inline observed::AzureAddresses addresses_of(std::string_view tag) {
  observed::AzureAddresses addresses;
  addresses.any = tag == "*";
  if (tag != "*") addresses.tags = {std::string(tag)};
  return addresses;
}

/// The six rules that Azure puts into each network security group.
inline std::vector<observed::AzureSecurityRule> default_security_rules() {
  using observed::AzureAccess;
  using observed::AzureDirection;
  const auto rule = [](const char* name, std::uint32_t priority, AzureDirection direction, AzureAccess access,
                       std::string_view source, std::string_view destination) {
    return observed::AzureSecurityRule{.name = name,
                                       .priority = priority,
                                       .direction = direction,
                                       .access = access,
                                       .protocol = observed::AzureProtocol::any,
                                       .source = addresses_of(source),
                                       .destination = addresses_of(destination),
                                       .source_ports = {{0, 65535}},
                                       .destination_ports = {{0, 65535}}};
  };
  constexpr auto kIn = AzureDirection::inbound;
  constexpr auto kOut = AzureDirection::outbound;
  return {rule("AllowVnetInBound", 65000, kIn, AzureAccess::allow, "VirtualNetwork", "VirtualNetwork"),
          rule("AllowAzureLoadBalancerInBound", 65001, kIn, AzureAccess::allow, "AzureLoadBalancer", "*"),
          rule("DenyAllInBound", 65500, kIn, AzureAccess::deny, "*", "*"),
          rule("AllowVnetOutBound", 65000, kOut, AzureAccess::allow, "VirtualNetwork", "VirtualNetwork"),
          rule("AllowInternetOutBound", 65001, kOut, AzureAccess::allow, "*", "Internet"),
          rule("DenyAllOutBound", 65500, kOut, AzureAccess::deny, "*", "*")};
}

/// What Azure says where everything is as Calico's page asks.
inline observed::AzureNetwork azure_as_it_should_be() {
  const std::string group = kNetworkGroup;
  const auto subnet_id = group + "/virtualNetworks/vnet/subnets/nodes";
  const auto table_id = group + "/routeTables/cluster-routes";
  observed::AzureNetwork azure;
  azure.nic = observed::AzureNic{
      group + "/networkInterfaces/worker-1-nic", mac(kMac), true, {{address("10.240.0.4"), subnet_id, true}}};
  azure.subnet = observed::AzureSubnet{subnet_id, {prefix("10.240.0.0/24")}, table_id};
  observed::AzureRouteTable table{table_id, "Succeeded", {}};
  table.routes = {{"worker-1", "10.244.1.0/24", prefix("10.244.1.0/24"), "VirtualAppliance",
                   address("10.240.0.4"), "Succeeded"},
                  {"worker-2", "10.244.2.0/24", prefix("10.244.2.0/24"), "VirtualAppliance",
                   address("10.240.0.5"), "Succeeded"},
                  {"storage", "Storage.WestEurope", std::nullopt, "Internet", std::nullopt, "Succeeded"}};
  azure.route_table = std::optional(table);
  azure.subnet->security_group_id = group + "/networkSecurityGroups/nodes-nsg";
  azure.security_groups =
      std::vector<observed::AzureSecurityGroup>{{*azure.subnet->security_group_id, default_security_rules()}};
  azure.network = observed::AzureVirtualNetwork{group + "/virtualNetworks/vnet", {prefix("10.240.0.0/12")}};
  return azure;
}

/// The healthy node, with Azure and Kubernetes asked and content.
inline checks::Facts healthy_with_cloud_state() {
  auto facts = healthy();
  facts.cloud_state.edit().azure = azure_as_it_should_be();
  facts.cloud_state.edit().node = observed::KubernetesNode{
      "worker-1",
      {prefix("10.244.1.0/24")},
      facts.wall - std::chrono::hours(2),
      observed::KubernetesCondition{"False", "RouteCreated", "RouteController created a route",
                                    facts.wall - std::chrono::hours(1)}};
  (*facts.cloud_state.edit().node)->provider_id = "azure://" + facts.network->identity.resource_id;
  (*facts.cloud_state.edit().node)->internal_addresses = {address("10.240.0.4")};
  facts.cloud_state.edit().cloud_config = observed::CloudConfig{.cloud = "AzurePublicCloud",
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
