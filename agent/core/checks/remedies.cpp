#include "agent/core/checks/remedies.h"

#include <fmt/format.h>

#include "agent/core/azure_names.h"
#include "net/ascii_case.h"
#include "net/sysctls.h"

namespace agent {
namespace {

bool begins(std::string_view text, std::string_view beginning) {
  return net::same_ignoring_case(text.substr(0, beginning.size()), beginning);
}

}  // namespace

Remedy set_sysctl(std::string_view key, std::string_view value) {
  return command("sysctl -w {}={}", net::sysctl_name(key), value).then(set_sysctl_at_boot(key, value));
}

Remedy set_sysctl_at_boot(std::string_view key, std::string_view value) {
  // printf, since echo takes a backslash in a link's name apart.
  return command("printf '%s\\n' {} >> /etc/sysctl.d/99-calico-azure.conf",
                 fmt::format("{} = {}", net::sysctl_name(key), value));
}

Remedy create_route(const net::AzureRouteTable& table, std::string_view name, const net::Prefix& prefix,
                    const net::Address& next_hop) {
  return command(
      "az network route-table route create --subscription {} --resource-group {} --route-table-name {} "
      "--name "
      "{} --address-prefix {} --next-hop-type VirtualAppliance --next-hop-ip-address {}",
      segment_of(table.id, "subscriptions"), segment_of(table.id, "resourceGroups"), name_of(table.id), name,
      prefix.text(), next_hop.text());
}

Remedy redirect_route(const net::AzureRouteTable& table, std::string_view name,
                      const net::Address& next_hop) {
  return command(
      "az network route-table route update --subscription {} --resource-group {} --route-table-name {} "
      "--name "
      "{} --next-hop-type VirtualAppliance --next-hop-ip-address {}",
      segment_of(table.id, "subscriptions"), segment_of(table.id, "resourceGroups"), name_of(table.id), name,
      next_hop.text());
}

Remedy move_route(const net::AzureRouteTable& table, std::string_view name, const net::Prefix& prefix,
                  const net::Address& next_hop) {
  return command(
      "az network route-table route update --subscription {} --resource-group {} --route-table-name {} "
      "--name "
      "{} --address-prefix {} --next-hop-type VirtualAppliance --next-hop-ip-address {}",
      segment_of(table.id, "subscriptions"), segment_of(table.id, "resourceGroups"), name_of(table.id), name,
      prefix.text(), next_hop.text());
}

Remedy name_own_node(const Facts& facts) {
  const auto address = facts.nic.nic && !facts.nic.nic->azure.addresses.empty()
                           ? facts.nic.nic->azure.addresses.front().text()
                           : std::string("an address of this VM");
  return edit_configuration(
      "set kubernetes.node_name in /etc/calico-azure-agent/config.toml, or NODE_NAME, to the name of this "
      "VM in kubectl get nodes --output wide: the one with INTERNAL-IP {}",
      address);
}

bool is_run_by_aks(const Facts& facts) {
  if (!facts.network) return false;
  const auto& identity = facts.network->identity;
  return begins(segment_of(identity.resource_id, "resourceGroups"), "MC_") ||
         begins(identity.vm_scale_set, "aks-");
}

}  // namespace agent
