#include "checks/remedies.h"

#include <fmt/format.h>

#include "net/ascii_case.h"
#include "net/sysctls.h"
#include "node/azure_names.h"

namespace checks {
namespace {

bool begins(std::string_view text, std::string_view beginning) {
  return net::same_ignoring_case(text.substr(0, beginning.size()), beginning);
}

}  // namespace

remedy::Remedy set_sysctl(std::string_view key, std::string_view value) {
  return remedy::command("sysctl -w {}={}", net::sysctl_name(key), value)
      .then(set_sysctl_at_boot(key, value));
}

remedy::Remedy set_sysctl_at_boot(std::string_view key, std::string_view value) {
  // printf, since echo takes a backslash in a link's name apart.
  return remedy::command("printf '%s\\n' {} >> /etc/sysctl.d/99-calico-azure.conf",
                         fmt::format("{} = {}", net::sysctl_name(key), value));
}

remedy::Remedy create_route(const observed::AzureRouteTable& table, std::string_view name,
                            const net::Prefix& prefix, const net::Address& next_hop) {
  return remedy::command(
      "az network route-table route create --subscription {} --resource-group {} --route-table-name {} "
      "--name "
      "{} --address-prefix {} --next-hop-type VirtualAppliance --next-hop-ip-address {}",
      node::segment_of(table.id, "subscriptions"), node::segment_of(table.id, "resourceGroups"),
      node::name_of(table.id), name, prefix.text(), next_hop.text());
}

remedy::Remedy redirect_route(const observed::AzureRouteTable& table, std::string_view name,
                              const net::Address& next_hop) {
  return remedy::command(
      "az network route-table route update --subscription {} --resource-group {} --route-table-name {} "
      "--name "
      "{} --next-hop-type VirtualAppliance --next-hop-ip-address {}",
      node::segment_of(table.id, "subscriptions"), node::segment_of(table.id, "resourceGroups"),
      node::name_of(table.id), name, next_hop.text());
}

remedy::Remedy move_route(const observed::AzureRouteTable& table, std::string_view name,
                          const net::Prefix& prefix, const net::Address& next_hop) {
  return remedy::command(
      "az network route-table route update --subscription {} --resource-group {} --route-table-name {} "
      "--name "
      "{} --address-prefix {} --next-hop-type VirtualAppliance --next-hop-ip-address {}",
      node::segment_of(table.id, "subscriptions"), node::segment_of(table.id, "resourceGroups"),
      node::name_of(table.id), name, prefix.text(), next_hop.text());
}

remedy::Remedy name_own_node(const Facts& facts) {
  const auto address = facts.nic.nic && !facts.nic.nic->azure.addresses.empty()
                           ? facts.nic.nic->azure.addresses.front().text()
                           : std::string("an address of this VM");
  return remedy::edit_configuration(
      "set kubernetes.node_name in /etc/calico-azure-agent/config.toml, or NODE_NAME, to the name of this "
      "VM in kubectl get nodes --output wide: the one with INTERNAL-IP {}",
      address);
}

bool is_run_by_aks(const Facts& facts) {
  if (!facts.network) return false;
  const auto& identity = facts.network->identity;
  return begins(node::segment_of(identity.resource_id, "resourceGroups"), "MC_") ||
         begins(identity.vm_scale_set, "aks-");
}

}  // namespace checks
