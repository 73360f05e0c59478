#include "checks/remedies.h"

#include "net/foreign_text.h"
#include "node/azure_routing.h"

namespace checks {
namespace {

bool begins(std::string_view text, std::string_view beginning) {
  return net::same_ignoring_case(text.substr(0, beginning.size()), beginning);
}

constexpr auto kHop = " --next-hop-type VirtualAppliance --next-hop-ip-address {}";

remedy::Remedy route_command(std::string_view verb, const observed::AzureRouteTable& table,
                             std::string_view name) {
  return remedy::command(
      "az network route-table route {} --subscription {} --resource-group {} --route-table-name {} --name {}",
      verb, node::segment_of(table.id, "subscriptions"), node::segment_of(table.id, "resourceGroups"),
      node::name_of(table.id), name);
}

}  // namespace

remedy::Remedy create_route(const observed::AzureRouteTable& table, std::string_view name,
                            const net::Prefix& prefix, const net::Address& next_hop) {
  return route_command("create", table, name)
      .with(" --address-prefix {}", prefix.text())
      .with(kHop, next_hop.text());
}

remedy::Remedy redirect_route(const observed::AzureRouteTable& table, std::string_view name,
                              const net::Address& next_hop) {
  return route_command("update", table, name).with(kHop, next_hop.text());
}

remedy::Remedy move_route(const observed::AzureRouteTable& table, std::string_view name,
                          const net::Prefix& prefix, const net::Address& next_hop) {
  return route_command("update", table, name)
      .with(" --address-prefix {}", prefix.text())
      .with(kHop, next_hop.text());
}

remedy::Remedy name_own_node(const Facts& facts) {
  const auto address = facts.nic.nic && !facts.nic.nic->azure.addresses.empty()
                           ? facts.nic.nic->azure.addresses.front().text()
                           : std::string("an address of this VM");
  return remedy::edit_configuration(
      "set kubernetes.node_name in /etc/calico-azure-agent/config.toml, or NODE_NAME, to the name of this VM "
      "in kubectl get nodes --output wide: the one with INTERNAL-IP {}",
      address);
}

bool is_run_by_aks(const Facts& facts) {
  if (!facts.network) return false;
  const auto& identity = facts.network->identity;
  return begins(node::segment_of(identity.resource_id, "resourceGroups"), "MC_") ||
         begins(identity.vm_scale_set, "aks-");
}

}  // namespace checks
