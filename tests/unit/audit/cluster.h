#pragma once

// A healthy cluster with user-defined routes: three nodes in one subnet, as the lists of Azure and Kubernetes
// have it, for tests to break.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "audit/audit.h"
#include "net/address.h"
#include "net/prefix.h"
#include "observed/cluster.h"

inline const std::string kGroup = "/subscriptions/s/resourceGroups/nodes";
inline const std::string kNetwork = kGroup + "/providers/Microsoft.Network/virtualNetworks/vnet";
inline const std::string kSubnet = kNetwork + "/subnets/nodes";
inline const std::string kTable = kGroup + "/providers/Microsoft.Network/routeTables/pods";
inline const std::string kSecurityGroup = kGroup + "/providers/Microsoft.Network/networkSecurityGroups/nsg";
inline const auto kNow = std::chrono::system_clock::time_point(std::chrono::hours(500'000));

inline net::Prefix prefix(const std::string& text) { return *net::Prefix::parse(text); }
inline net::Address address(const std::string& text) { return *net::Address::parse(text); }
inline std::string vm(int i) { return fmt::format("vm{}", i); }
inline std::string hop(int i) { return fmt::format("10.240.0.{}", 3 + i); }
inline std::string cidr(int i) { return fmt::format("10.244.{}.0/24", i); }

inline observed::ClusterNode node_of(int i) {
  observed::ClusterNode node;
  node.name = vm(i);
  node.provider_id = fmt::format("azure://{}/providers/Microsoft.Compute/virtualMachines/{}", kGroup, vm(i));
  node.pod_cidrs = {prefix(cidr(i))};
  node.addresses = {address(hop(i))};
  node.created = kNow - std::chrono::hours(48);
  node.ready = true;
  return node;
}

inline observed::ClusterNic nic_of(int i) {
  return {.nic = {.id = fmt::format("{}/providers/Microsoft.Network/networkInterfaces/{}-nic", kGroup, vm(i)),
                  .mac = {},
                  .ip_forwarding = true,
                  .configurations = {{.address = address(hop(i)), .subnet_id = kSubnet, .primary = true}}},
          .machine_id = fmt::format("{}/providers/Microsoft.Compute/virtualMachines/{}", kGroup, vm(i))};
}

inline observed::AzureRoute route(const std::string& name, const std::string& to, const std::string& by,
                                  const std::string& state = "Succeeded") {
  return {.name = name,
          .destination = to,
          .prefix = prefix(to),
          .next_hop_type = "VirtualAppliance",
          .next_hop = address(by),
          .provisioning_state = state};
}

inline observed::AzureSecurityRule rule(const std::string& name, std::uint32_t priority,
                                        observed::AzureAccess access, const std::string& source = "") {
  observed::AzureSecurityRule made;
  made.name = name;
  made.priority = priority;
  made.access = access;
  made.source.any = source.empty();
  if (!source.empty()) made.source.prefixes = {prefix(source)};
  made.destination.any = true;
  made.source_ports = {{.first = 0, .last = 65535}};
  made.destination_ports = {{.first = 0, .last = 65535}};
  return made;
}

struct World {
  observed::Cluster cluster;

  std::vector<observed::ClusterNode>& nodes() { return *cluster.nodes; }
  observed::AzureRouteTable& table() { return cluster.tables_of_groups[0].items->front(); }
  observed::AzureSubnet& subnet() { return cluster.networks[0].value->subnets[0]; }
  observed::AzureNic& nic(int i) { return (*cluster.nics[0].items)[static_cast<std::size_t>(i - 1)].nic; }
  observed::AzureRoute& route_of(int i) { return table().routes[static_cast<std::size_t>(i - 1)]; }

  [[nodiscard]] audit::Report report(const audit::Options& options = {
                                         .mode = {}, .cluster_cidrs = {prefix("10.244.0.0/16")}}) const {
    return audit::audit(cluster, options);
  }
};

inline World healthy() {
  World world;
  auto& cluster = world.cluster;
  cluster.read_at = kNow;
  observed::AzureRouteTable table{.id = kTable, .provisioning_state = "Succeeded", .routes = {}};
  std::vector<observed::ClusterNode> nodes;
  std::vector<observed::ClusterNic> nics;
  for (int i = 1; i <= 3; ++i) {
    nodes.push_back(node_of(i));
    nics.push_back(nic_of(i));
    table.routes.push_back(route(vm(i), cidr(i), hop(i)));
  }
  cluster.nodes = nodes;
  cluster.nics.push_back({kGroup, nics});
  cluster.tables_of_groups.push_back({kGroup, std::vector{table}});
  observed::AzureSubnet subnet{
      .id = kSubnet, .prefixes = {prefix("10.240.0.0/24")}, .route_table_id = kTable};
  subnet.security_group_id = kSecurityGroup;
  observed::AzureSubnet other{
      .id = kNetwork + "/subnets/gateway", .prefixes = {prefix("10.240.9.0/24")}, .route_table_id = {}};
  cluster.networks.push_back(
      {kNetwork,
       observed::ClusterNetwork{.network = {.id = kNetwork, .address_space = {prefix("10.240.0.0/12")}},
                                .subnets = {subnet, other},
                                .unusable = {}}});
  observed::AzureSecurityGroup group{.id = kSecurityGroup, .rules = {}};
  for (const auto direction : {observed::AzureDirection::inbound, observed::AzureDirection::outbound}) {
    observed::AzureSecurityRule within;
    within.name = "AllowVnet";
    within.priority = 65000;
    within.direction = direction;
    within.source.tags = {"VirtualNetwork"};
    within.destination.tags = {"VirtualNetwork"};
    within.source_ports = {{.first = 0, .last = 65535}};
    within.destination_ports = within.source_ports;
    group.rules.push_back(within);
    auto deny = rule("DenyAll", 65500, observed::AzureAccess::deny);
    deny.direction = direction;
    group.rules.push_back(deny);
  }
  cluster.security_groups.push_back({kSecurityGroup, group});
  return world;
}
