#include <fmt/format.h>

#include <algorithm>

#include "checks/azure_state.h"
#include "checks/check_row.h"
#include "checks/remedies.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"

namespace checks {
namespace {

remedy::Remedy switch_forwarding_on(const Facts& facts, const observed::AzureNic& nic) {
  const auto flexible = facts.network ? std::string_view(facts.network->identity.vm_scale_set) : "";
  return node::switch_forwarding_on(nic, {.is_run_by_aks = is_run_by_aks(facts), .flexible_set = flexible});
}

/// The full id of the cloud provider's route table, since az takes a bare name for one in the subnet's
/// resource group; what the configuration leaves out is as for this VM. Empty: the table's name is not known.
std::string table_to_associate(const Facts& facts) {
  const auto& config = facts.cloud_state->cloud_config;
  if (!config || !*config || (*config)->route_table_name.empty()) return "";
  const auto& vm = facts.network ? facts.network->identity.resource_id : "";
  const auto or_of_vm = [&vm](std::string_view said, std::string_view key) {
    return said.empty() ? node::segment_of(vm, key) : said;
  };
  const auto subscription = or_of_vm((*config)->table_subscription(), "subscriptions");
  const auto group = or_of_vm((*config)->table_resource_group(), "resourceGroups");
  if (subscription.empty() || group.empty()) return "";
  return fmt::format("/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/routeTables/{}",
                     subscription, group, (*config)->route_table_name);
}

remedy::Remedy associate(const Facts& facts, const observed::AzureSubnet& subnet) {
  const auto table = table_to_associate(facts);
  if (!table.empty()) return node::associate_table(subnet, table);
  return remedy::command("az network route-table list --subscription {} --output table",
                         node::segment_of(subnet.id, "subscriptions"))
      .note("then az network vnet subnet update --ids {} --route-table ID_OF_THE_CLUSTERS_TABLE", subnet.id);
}

/// azure.route_table in modes whose pods need no Azure route. Nodes still reach each other through the
/// virtual network, and a route that is at least as long as the virtual network's own takes precedence over
/// it.
/// https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview#how-azure-selects-a-route
Finding diverting_route(const Facts& facts) {
  if (!facts.policy.azure_verified) return Finding::skip("azure.verify is off");
  if (!facts.policy.azure_verified_always) {
    return Finding::skip(
        fmt::format("mode {} does not route pods by a route table; with azure.verify = \"on\" it is looked "
                    "at for routes that take what nodes send each other",
                    node::mode_name(facts.policy.mode)));
  }
  if (!facts.cloud_state->azure) return Finding::unknown("Azure Resource Manager has not been asked yet");
  const auto& azure = *facts.cloud_state->azure;
  if (!azure.subnet) return Finding::unknown(azure.subnet.error().what);
  if (!azure.route_table) return Finding::unknown(azure.route_table.error().what);
  if (!*azure.route_table)
    return Finding::pass(fmt::format("subnet {} has no route table", node::name_of(azure.subnet->id)));
  if (!azure.network) return Finding::unknown(azure.network.error().what);
  const auto& table = **azure.route_table;
  for (const auto& subnet : azure.subnet->prefixes) {
    const auto* route = longest_route_over(table, subnet);
    if (route == nullptr || route->next_hop_type == "VnetLocal") continue;
    if (!net::any_contains(azure.network->address_space, *route->prefix)) continue;
    if (route->next_hop_type == "None") {
      return Finding::fail(
          fmt::format("route {} of table {} drops what goes to {}, where nodes of subnet {} are", route->name,
                      node::name_of(table.id), route->destination, node::name_of(azure.subnet->id)),
          "nodes, and the tunnels between them, do not reach each other",
          remedy::edit("have the owner of route table {} take route {} out, or narrow it",
                       node::name_of(table.id), route->name));
    }
    return Finding::unless_required(
        fmt::format("route {} of table {} takes what nodes of subnet {} send each other to {}{}: whether "
                    "that lets it by is not known",
                    route->name, node::name_of(table.id), node::name_of(azure.subnet->id),
                    route->next_hop_type, route->next_hop ? " " + route->next_hop->text() : ""),
        "a firewall that does not pass the tunnels' UDP port, or sees one direction alone, cuts pods off",
        remedy::edit(
            "let it pass what nodes send each other, or give table {} a route for {} with next hop VnetLocal",
            node::name_of(table.id), subnet.text()));
  }
  return Finding::pass(fmt::format("no route of table {} takes what nodes of subnet {} send each other",
                                   node::name_of(table.id), node::name_of(azure.subnet->id)));
}

/// True when the table has routes of nodes in the pod range. A default route, or one that is wider than the
/// pod range, leads to a firewall.
bool leads_into(const observed::AzureRouteTable& table, const net::Prefix& pods) {
  return std::any_of(table.routes.begin(), table.routes.end(), [&pods](const observed::AzureRoute& route) {
    return route.prefix && route.next_hop && pods.contains(*route.prefix) &&
           route.provisioning_state != "Deleting";
  });
}

/// Whether azure.node_route already reports that the table has no route there.
bool is_node_routes_to_say(const Facts& facts, const net::Prefix& pods) {
  const auto& own = facts.policy.node_cidrs;
  return std::any_of(own.begin(), own.end(), [&pods](const auto& cidr) { return pods.contains(cidr); });
}

/// Where the configured route table differs from the associated one; empty: nowhere.
std::string difference(const observed::CloudConfig& named, std::string_view table_id) {
  const auto differs = [table_id](std::string_view said, std::string_view key) {
    return !said.empty() && !net::same_ignoring_case(said, node::segment_of(table_id, key));
  };
  if (differs(named.table_subscription(), "subscriptions"))
    return fmt::format("{} in subscription {}", named.route_table_name, named.table_subscription());
  if (differs(named.table_resource_group(), "resourceGroups"))
    return fmt::format("{} in resource group {}", named.route_table_name, named.table_resource_group());
  return net::same_ignoring_case(named.route_table_name, node::name_of(table_id)) ? ""
                                                                                  : named.route_table_name;
}

Finding azure_ip_forwarding(const Facts& facts) {
  if (auto nothing = nothing_from_azure(facts)) return *nothing;
  const auto& nic = facts.cloud_state->azure->nic;
  if (!nic) return Finding::unknown(nic.error().what);
  if (nic->ip_forwarding)
    return Finding::pass(fmt::format("IP forwarding is on for NIC {}", node::name_of(nic->id)));
  return Finding::fail(fmt::format("IP forwarding is off for NIC {}", node::name_of(nic->id)),
                       switch_forwarding_on(facts, *nic));
}

Finding azure_route_table(const Facts& facts) {
  if (facts.policy.mode != node::Mode::udr) return diverting_route(facts);
  if (auto nothing = nothing_from_azure(facts)) return *nothing;
  const auto& azure = *facts.cloud_state->azure;
  if (!azure.subnet) return Finding::unknown(azure.subnet.error().what);
  const auto& subnet = *azure.subnet;
  if (!subnet.route_table_id.empty()) {
    return Finding::pass(fmt::format("route table {} is associated with subnet {}",
                                     node::name_of(subnet.route_table_id), node::name_of(subnet.id)));
  }
  return Finding::fail(fmt::format("no route table is associated with subnet {} of virtual network {}",
                                   node::name_of(subnet.id), node::segment_of(subnet.id, "virtualNetworks")),
                       kAzureDrops, associate(facts, subnet));
}

/// Calico's page asks for pods inside the virtual network; AKS's kubenet and CAPZ have them outside, where a
/// route table alone leads to them. https://learn.microsoft.com/azure/aks/configure-kubenet
Finding azure_vnet_range(const Facts& facts) {
  if (auto nothing = nothing_from_azure(facts)) return *nothing;
  const auto& azure = *facts.cloud_state->azure;
  if (!azure.network) return Finding::unknown(azure.network.error().what);
  const auto network = node::name_of(azure.network->id);
  std::string outside;
  for (const auto& cidr : facts.policy.cluster_cidrs) {
    if (net::any_contains(azure.network->address_space, cidr)) continue;
    const auto* table = table_of(azure);
    if (table == nullptr) return without_table(azure);
    if (!leads_into(*table, cidr) && !is_node_routes_to_say(facts, cidr)) {
      return Finding::fail(
          fmt::format("pod CIDR {} is outside virtual network {} ({}), and no route of table {} leads there",
                      cidr.text(), network, net::joined(azure.network->address_space),
                      node::name_of(table->id)),
          "Azure drops what goes outside the virtual network by no route of a table",
          remedy::edit("let the route controller write a route of each node into table {}: see "
                       "kubernetes.route_created and azure.cloud_config",
                       node::name_of(table->id)));
    }
    outside += fmt::format("{}{}", outside.empty() ? "" : ", ", cidr.text());
  }
  if (outside.empty()) return Finding::pass(fmt::format("pod CIDRs are inside virtual network {}", network));
  return Finding::pass(fmt::format("pod CIDR {} is outside virtual network {}; the route table leads there",
                                   outside, network));
}

Finding azure_cloud_config(const Facts& facts) {
  if (auto skipped = without_route_table_mode(facts)) return *skipped;
  if (is_run_by_aks(facts)) {
    return Finding::skip(
        fmt::format("AKS's route controller does not go by this node's {}", facts.policy.cloud_config));
  }
  const auto& config = facts.cloud_state->cloud_config;
  if (!config) return Finding::unknown("the cloud provider's configuration has not been read yet");
  if (!*config) return Finding::unknown(config->error().what);
  const auto& named = **config;
  const auto& file = facts.policy.cloud_config;
  const auto* table = facts.cloud_state->azure ? table_of(*facts.cloud_state->azure) : nullptr;
  if (named.route_table_name.empty()) {
    const auto name = table != nullptr ? node::name_of(table->id) : std::string_view("THE_ROUTE_TABLE");
    return Finding::fail(
        fmt::format("{} names no routeTableName", file),
        "the cloud provider makes no routes for nodes, or makes them in a table that no subnet uses",
        remedy::edit("set routeTableName to {} in {} of every control-plane node, then restart "
                     "cloud-controller-manager",
                     name, file));
  }
  if (table == nullptr) return Finding::pass(fmt::format("routeTableName is {}", named.route_table_name));
  const auto other = difference(named, table->id);
  if (other.empty())
    return Finding::pass(fmt::format("routeTableName is {}, as associated", named.route_table_name));
  const auto group = node::segment_of(table->id, "resourceGroups");
  return Finding::fail(
      fmt::format(
          "{} names route table {}, but {} in resource group {} is associated with this node's subnet", file,
          other, node::name_of(table->id), group),
      "the cloud provider writes routes into a table that does not serve this subnet",
      remedy::edit("set routeTableName to {} and routeTableResourceGroup to {} in {} of every control-plane "
                   "node, then restart cloud-controller-manager",
                   node::name_of(table->id), group, file));
}

}  // namespace

std::vector<Check> rows_of_azure() {
  return {
      {.order = 160,
       .id = "azure.ip_forwarding",
       .group = Group::azure,
       .subject = Subject::nic,
       .reports_source = true,
       .once_mode_is_known = true,
       .why = kAzureDrops,
       .look = azure_ip_forwarding},
      {.order = 170,
       .id = "azure.route_table",
       .group = Group::azure,
       .once_mode_is_known = true,
       .look = azure_route_table},
      {.order = 200,
       .id = "azure.vnet_range",
       .group = Group::azure,
       .once_mode_is_known = true,
       .look = azure_vnet_range},
      {.order = 210,
       .id = "azure.cloud_config",
       .group = Group::azure,
       .once_mode_is_known = true,
       .look = azure_cloud_config},
  };
}

}  // namespace checks
