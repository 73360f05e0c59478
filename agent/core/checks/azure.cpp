#include <fmt/format.h>

#include <algorithm>

#include "agent/core/azure_names.h"
#include "agent/core/azure_routing.h"
#include "agent/core/checks/checks.h"
#include "net/ascii_case.h"

namespace agent {
namespace {

constexpr auto kAzureDrops = "Azure drops pod packets between nodes without a word";

/// Why there is nothing to judge: not wanted here, not asked yet.
std::optional<Finding> not_asked(const Facts& facts) {
  if (facts.policy.mode != Mode::udr) {
    return Finding::skip(fmt::format("mode {} needs no route table", mode_name(facts.policy.mode)));
  }
  if (!facts.policy.azure_verified) return Finding::skip("azure.verify is off");
  if (!facts.evidence.azure) return Finding::unknown("Azure Resource Manager has not been asked yet");
  return std::nullopt;
}

/// The route table of the NIC's subnet; nullptr when it could not be read or there is none.
const net::AzureRouteTable* table_of(const net::AzureNetwork& azure) {
  return azure.route_table && *azure.route_table ? &**azure.route_table : nullptr;
}

/// Why the routes of the table cannot be judged; its absence is azure.route_table's to say.
Finding no_table(const net::AzureNetwork& azure) {
  if (!azure.route_table) return Finding::unknown(azure.route_table.error().what);
  return Finding::unknown("the subnet has no route table, see azure.route_table");
}

std::optional<net::Address> own_address(const Facts& facts, net::Family family) {
  if (!facts.nic.nic) return std::nullopt;
  return facts.nic.nic->azure.primary(family);
}

bool is_own_address(const Facts& facts, const std::optional<net::Address>& address) {
  if (!address || !facts.nic.nic) return false;
  const auto& own = facts.nic.nic->azure.addresses;
  return std::find(own.begin(), own.end(), *address) != own.end();
}

std::string hop_text(const net::AzureRoute& route) {
  return route.next_hop ? route.next_hop->text() : route.next_hop_type;
}

/// `az network route-table route VERB …` for a route of the table.
std::string route_command(std::string_view verb, const net::AzureRouteTable& table, std::string_view name,
                          std::string_view arguments) {
  return fmt::format(
      "az network route-table route {} --subscription {} --resource-group {} --route-table-name {} --name "
      "{}{}{}",
      verb, shell_word(segment_of(table.id, "subscriptions")),
      shell_word(segment_of(table.id, "resourceGroups")), shell_word(name_of(table.id)), shell_word(name),
      arguments.empty() ? "" : " ", arguments);
}

std::string to_address(const net::Address& address) {
  return fmt::format("--next-hop-type VirtualAppliance --next-hop-ip-address {}", address.text());
}

/// The cloud provider's name for a node's route: with two families it adds the CIDR without its punctuation.
std::string route_name(const Facts& facts, const net::Prefix& cidr) {
  auto name = facts.node_name.empty() ? std::string("node") : facts.node_name;
  if (facts.policy.node_cidrs.size() < 2) return name;
  auto digits = cidr.text();
  digits.erase(
      std::remove_if(digits.begin(), digits.end(), [](char c) { return c == '.' || c == ':' || c == '/'; }),
      digits.end());
  return fmt::format("{}____{}", name, digits);
}

const net::AzureRoute* route_to(const net::AzureRouteTable& table, const net::Prefix& prefix) {
  const auto found = std::find_if(table.routes.begin(), table.routes.end(),
                                  [&prefix](const net::AzureRoute& route) { return route.prefix == prefix; });
  return found == table.routes.end() ? nullptr : &*found;
}

std::string forwarding_command(const net::AzureNic& nic) {
  const auto set = segment_of(nic.id, "virtualMachineScaleSets");
  const auto instance = segment_of(nic.id, "virtualMachines");
  if (set.empty() || instance.empty()) {
    return fmt::format("az network nic update --ids {} --ip-forwarding true", shell_word(nic.id));
  }
  const auto where = fmt::format("--subscription {} --resource-group {} --name {}",
                                 shell_word(segment_of(nic.id, "subscriptions")),
                                 shell_word(segment_of(nic.id, "resourceGroups")), shell_word(set));
  return fmt::format(
      "az vmss update {0} --set "
      "'virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0].enableIPForwarding=true' && "
      "az vmss "
      "update-instances {0} --instance-ids {1}",
      where, shell_word(instance));
}

std::string table_to_associate(const Facts& facts, const net::AzureSubnet& subnet) {
  const auto& config = facts.evidence.cloud_config;
  if (!config || !*config || (*config)->route_table_name.empty()) return "";
  const auto& named = **config;
  if (named.route_table_resource_group.empty() ||
      net::same_ignoring_case(named.route_table_resource_group, segment_of(subnet.id, "resourceGroups")))
    return named.route_table_name;
  return fmt::format("/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/routeTables/{}",
                     segment_of(subnet.id, "subscriptions"), named.route_table_resource_group,
                     named.route_table_name);
}

}  // namespace

Finding azure_ip_forwarding(const Facts& facts) {
  if (auto nothing = not_asked(facts)) return *nothing;
  const auto& nic = facts.evidence.azure->nic;
  if (!nic) return Finding::unknown(nic.error().what);
  if (nic->ip_forwarding)
    return Finding::pass(fmt::format("IP forwarding is on for NIC {}", name_of(nic->id)));
  return Finding::warn(fmt::format("IP forwarding is off for NIC {}", name_of(nic->id)), kAzureDrops,
                       forwarding_command(*nic));
}

Finding azure_route_table(const Facts& facts) {
  if (auto nothing = not_asked(facts)) return *nothing;
  const auto& azure = *facts.evidence.azure;
  if (!azure.subnet) return Finding::unknown(azure.subnet.error().what);
  const auto& subnet = *azure.subnet;
  if (!subnet.route_table_id.empty()) {
    return Finding::pass(fmt::format("route table {} is associated with subnet {}",
                                     name_of(subnet.route_table_id), name_of(subnet.id)));
  }
  const auto table = table_to_associate(facts, subnet);
  const auto remedy =
      table.empty()
          ? fmt::format(
                "az network route-table list --subscription {} --output table   # then az network vnet "
                "subnet update --ids {} --route-table THE_CLUSTERS",
                shell_word(segment_of(subnet.id, "subscriptions")), shell_word(subnet.id))
          : fmt::format("az network vnet subnet update --ids {} --route-table {}", shell_word(subnet.id),
                        shell_word(table));
  return Finding::warn(fmt::format("no route table is associated with subnet {} of virtual network {}",
                                   name_of(subnet.id), segment_of(subnet.id, "virtualNetworks")),
                       kAzureDrops, remedy);
}

Finding azure_node_route(const Facts& facts) {
  if (auto nothing = not_asked(facts)) return *nothing;
  const auto* table = table_of(*facts.evidence.azure);
  if (table == nullptr) return no_table(*facts.evidence.azure);
  if (facts.policy.node_cidrs.empty())
    return Finding::unknown("this node's pod CIDR is not known, see pods.node_cidr");
  for (const auto& cidr : facts.policy.node_cidrs) {
    const auto address = own_address(facts, cidr.family());
    if (!address)
      return Finding::unknown(
          fmt::format("no {} address of this NIC is known", net::family_name(cidr.family())));
    const auto* route = route_to(*table, cidr);
    if (route == nullptr) {
      return Finding::warn(
          fmt::format("route table {} has no route to {}", name_of(table->id), cidr.text()),
          "packets for this node's pods are dropped in Azure",
          route_command("create", *table, route_name(facts, cidr),
                        fmt::format("--address-prefix {} {}", cidr.text(), to_address(*address))));
    }
    if (!is_own_address(facts, route->next_hop))
      return Finding::unknown(
          fmt::format("the route to {} leads elsewhere, see azure.stale_routes", cidr.text()));
    if (route->provisioning_state == "Failed") {
      return Finding::warn(fmt::format("the route {} to {} is in state Failed", route->name, cidr.text()),
                           "packets for this node's pods may be dropped in Azure",
                           route_command("update", *table, route->name, to_address(*address)));
    }
    if (!route->provisioning_state.empty() && route->provisioning_state != "Succeeded") {
      return Finding::unknown(fmt::format("the route {} to {} is in state {}", route->name, cidr.text(),
                                          route->provisioning_state));
    }
  }
  return Finding::pass(
      fmt::format("route table {} leads this node's pod CIDR to this NIC", name_of(table->id)));
}

Finding azure_stale_routes(const Facts& facts) {
  if (auto nothing = not_asked(facts)) return *nothing;
  const auto* table = table_of(*facts.evidence.azure);
  if (table == nullptr) return no_table(*facts.evidence.azure);
  const auto& own = facts.policy.node_cidrs;
  if (own.empty() || !facts.nic.nic)
    return Finding::unknown("this node's pod CIDR is not known, see pods.node_cidr");
  const auto within_own = [&own](const net::Prefix& prefix) {
    return std::any_of(own.begin(), own.end(), [&](const auto& cidr) { return cidr.contains(prefix); });
  };
  const auto is_own = [&own](const net::Prefix& prefix) {
    return std::find(own.begin(), own.end(), prefix) != own.end();
  };
  for (const auto& route : table->routes) {
    if (!route.prefix || route.provisioning_state == "Deleting") continue;
    const bool to_us = is_own_address(facts, route.next_hop);
    if (within_own(*route.prefix) && !to_us) {
      const auto address = own_address(facts, route.prefix->family());
      const bool ours = is_own(*route.prefix) && address;
      return Finding::warn(
          fmt::format("route {} leads {} to {}, not to this node", route.name, route.destination,
                      hop_text(route)),
          "packets for this node's pods go astray in Azure; the cloud provider never repairs a next hop",
          ours ? route_command("update", *table, route.name, to_address(*address))
               : route_command("delete", *table, route.name, ""));
    }
    const auto& clusters = facts.policy.cluster_cidrs;
    const bool of_pods = std::any_of(clusters.begin(), clusters.end(),
                                     [&route](const auto& cidr) { return cidr.contains(*route.prefix); });
    if (to_us && of_pods && !within_own(*route.prefix)) {
      return Finding::warn(fmt::format("route {} leads {} to this node, whose pod CIDR is {}", route.name,
                                       route.destination, own.front().text()),
                           "packets for pods that live elsewhere come here and are lost",
                           route_command("delete", *table, route.name, ""));
    }
  }
  return Finding::pass(fmt::format("no route of {} contradicts this node's pod CIDR", name_of(table->id)));
}

Finding azure_vnet_range(const Facts& facts) {
  if (auto nothing = not_asked(facts)) return *nothing;
  const auto& network = facts.evidence.azure->network;
  if (!network) return Finding::unknown(network.error().what);
  const auto& space = network->address_space;
  for (const auto* list : {&facts.policy.cluster_cidrs, &facts.policy.node_cidrs}) {
    for (const auto& cidr : *list) {
      if (std::any_of(space.begin(), space.end(), [&cidr](const auto& each) { return each.contains(cidr); }))
        continue;
      std::string prefixes;
      for (const auto& each : space) prefixes += each.text() + " ";
      return Finding::warn(
          fmt::format("pod CIDR {} is outside virtual network {} ({})", cidr.text(), name_of(network->id),
                      prefixes.empty() ? "" : prefixes.substr(0, prefixes.size() - 1)),
          "Calico's page on Azure asks for pods inside the virtual network; outside, what no route table "
          "covers is dropped",
          fmt::format("az network vnet update --ids {} --address-prefixes {}{}", shell_word(network->id),
                      prefixes, cidr.text()));
    }
  }
  return Finding::pass(fmt::format("pod CIDRs are inside virtual network {}", name_of(network->id)));
}

Finding azure_cloud_config(const Facts& facts) {
  if (facts.policy.mode != Mode::udr) {
    return Finding::skip(fmt::format("mode {} needs no route table", mode_name(facts.policy.mode)));
  }
  const auto& config = facts.evidence.cloud_config;
  if (!config) return Finding::unknown("the cloud provider's configuration has not been read yet");
  if (!*config) return Finding::unknown(config->error().what);
  const auto& named = **config;
  const auto* table = facts.evidence.azure ? table_of(*facts.evidence.azure) : nullptr;
  const auto edit = [&](std::string_view name) {
    return fmt::format(
        "# set \"routeTableName\": \"{}\" in {} of every control-plane node, then restart "
        "cloud-controller-manager",
        name, facts.policy.cloud_config);
  };
  if (named.route_table_name.empty()) {
    return Finding::warn(
        fmt::format("{} names no routeTableName", facts.policy.cloud_config),
        "the cloud provider makes no routes for nodes, or makes them in a table that nobody uses",
        edit(table != nullptr ? name_of(table->id) : std::string_view("THE_ROUTE_TABLE")));
  }
  if (table == nullptr) return Finding::pass(fmt::format("routeTableName is {}", named.route_table_name));
  const auto group = segment_of(table->id, "resourceGroups");
  const bool other_group = !named.route_table_resource_group.empty() &&
                           !net::same_ignoring_case(named.route_table_resource_group, group);
  if (!net::same_ignoring_case(named.route_table_name, name_of(table->id)) || other_group) {
    return Finding::warn(
        fmt::format(
            "{} names route table {}{}, but {} in resource group {} is associated with this node's subnet",
            facts.policy.cloud_config, named.route_table_name,
            other_group ? fmt::format(" in resource group {}", named.route_table_resource_group) : "",
            name_of(table->id), group),
        "the cloud provider writes routes into a table that does not serve this subnet",
        edit(name_of(table->id)));
  }
  return Finding::pass(fmt::format("routeTableName is {}, as associated", named.route_table_name));
}

}  // namespace agent
