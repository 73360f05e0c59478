#include "checks/remedies.h"

#include "net/foreign_text.h"
#include "node/azure_routing.h"

namespace checks {
namespace {

bool begins(std::string_view text, std::string_view beginning) {
  return net::same_ignoring_case(text.substr(0, beginning.size()), beginning);
}

}  // namespace

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
