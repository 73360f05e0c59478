#include <fmt/format.h>

#include <algorithm>

#include "checks/checks.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

/// The NIC's virtual function, which accelerated networking puts under the synthetic NIC with the same MAC.
/// Azure CNI's mode bridge enslaves the NIC itself: that is none.
bool is_vf(const Facts& facts, const net::Link& link) {
  const auto& nic = *facts.nic.nic;
  if (link.index == nic.link.index || link.mac != nic.azure.mac) return false;
  return link.slave || (link.master != 0 && nic.link.kind != "bridge");
}

/// The address that it was given; link-local ones every link that is up gives itself.
const net::LinkAddress* given_address(const net::Link& link) {
  const auto found = std::find_if(link.addresses.begin(), link.addresses.end(),
                                  [](const auto& each) { return !each.address.is_link_local(); });
  return found == link.addresses.end() ? nullptr : &*found;
}

/// As azure-vm-utils has it: the driver alone would take a NIC that stands under none too, so IFF_SLAVE
/// (0x800) counts. NetworkManager and systemd-networkd from 255 on go by the properties, an older one by the
/// file. https://github.com/Azure/azure-vm-utils (10-azure-unmanaged-sriov.rules)
remedy::Remedy leave_vfs_alone(const std::string& link) {
  return remedy::command(
             "printf '%s\\n' 'SUBSYSTEM==\"net\", DRIVERS==\"mlx4_core|mlx5_core|mana\", "
             "ATTR{{flags}}==\"0x?[89a-f]??\", ENV{{ID_NET_MANAGED_BY}}=\"unmanaged\", "
             "ENV{{NM_UNMANAGED}}=\"1\", ENV{{CALICO_AZURE_AGENT_VF}}=\"1\"' "
             "> /etc/udev/rules.d/10-calico-azure-agent-vf.rules && mkdir -p /etc/systemd/network && "
             "printf '[Match]\\nProperty=CALICO_AZURE_AGENT_VF=1\\n[Link]\\nUnmanaged=yes\\n' "
             "> /etc/systemd/network/05-calico-azure-agent-vf.network")
      .note("then drain and reboot this node: {} comes up without, as with the package azure-vm-utils", link);
}

bool has_default_route(const Facts& facts, const net::Link& link) {
  const auto plane = seen_data_plane(facts);
  if (!plane) return false;
  const auto& routes = (*plane)->routes;
  return std::any_of(routes.begin(), routes.end(), [&link](const auto& route) {
    return route.device == link.index && route.key.destination.length() == 0;
  });
}

}  // namespace

Finding nic_vf(const Facts& facts) {
  if (!facts.survey_error.empty())
    return Finding::unknown("could not look at the links: " + facts.survey_error);
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  const net::Link* last = nullptr;
  for (const auto& link : facts.links) {
    if (!is_vf(facts, link)) continue;
    last = &link;
    const auto* address = given_address(link);
    if (address == nullptr && !has_default_route(facts, link)) continue;
    // The name changes each time that Azure plugs it in anew; the driver does not.
    return Finding::fail(
        fmt::format("{} is the virtual function of {} and has {}", link.name, facts.nic.nic->link.name,
                    address != nullptr ? address->address.text() : "a default route"),
        "packets leave by two links with one address, and answers are lost whenever Azure takes it away",
        leave_vfs_alone(link.name));
  }
  if (last == nullptr) return Finding::skip("no virtual function stands under the NIC");
  return Finding::pass(fmt::format("{} has no address and no default route of its own", last->name));
}

}  // namespace checks
