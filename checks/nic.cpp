#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "net/sysctls.h"
#include "remedy/commands.h"

namespace checks {
namespace {

/// Why there is no NIC to check; nullopt: there is one.
std::optional<Finding> nothing_to_look_at(const Facts& facts) {
  if (!facts.kernel_error.empty()) return Finding::unknown("could not read the links: " + facts.kernel_error);
  if (!facts.network) return Finding::unknown("no document from IMDS yet");
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  return std::nullopt;
}

constexpr std::array kFamilies = {net::Family::ipv4, net::Family::ipv6};

/// The finding, or a reference to the check that reports its cause.
Finding told_elsewhere(const Facts& facts, net::Family family, Finding finding) {
  const auto teller = nic_fault(facts, family);
  if (teller.empty()) return finding;
  return Finding::reported_by(teller, finding.message, finding.why);
}

/// The families that pods use; IPv4 when no CIDR is configured.
bool is_used(const node::Policy& policy, net::Family family) {
  return policy.uses(family) || (family == net::Family::ipv4 && !policy.uses(net::Family::ipv6));
}

remedy::Remedy renew_lease(const std::string& link) {
  return remedy::command("networkctl renew {}", link).note("or dhclient {}", link);
}

std::optional<Finding> no_default_route(const node::ResolvedNic& nic, net::Family family) {
  const auto& gateway = nic.gateway(family);
  if (!gateway) {
    return Finding::fail(
        fmt::format("no {} gateway is known for {}", net::family_name(family), nic.link.name),
        "pod routes of this family cannot be programmed",
        family == net::Family::ipv6 ? remedy::command("ip -6 route show default dev {}", nic.link.name)
                                    : remedy::command("ip -4 route show default dev {}", nic.link.name));
  }
  if (!gateway->assumed) return std::nullopt;
  if (family == net::Family::ipv4) {
    return Finding::fail(
        fmt::format("there is no IPv4 default route: using {}, the first address of {}'s subnet",
                    gateway->address.text(), nic.link.name),
        "DHCP should have brought one; without it the node itself reaches nothing outside its subnets",
        renew_lease(nic.link.name));
  }
  return Finding::fail(fmt::format("no {} default router on {}: using Azure's {}", net::family_name(family),
                                   nic.link.name, gateway->address.text()),
                       "a router advertisement should have brought a default route; without it the node "
                       "itself has no IPv6 way out",
                       remedy::set_sysctl_now(fmt::format("net/ipv6/conf/{}/accept_ra", nic.link.name), "2"));
}

Finding nic_found(const Facts& facts) {
  if (!facts.kernel_error.empty()) return Finding::unknown("could not read the links: " + facts.kernel_error);
  if (!facts.network) return Finding::unknown("no document from IMDS yet");
  if (!facts.nic.nic) {
    auto compare = remedy::command("ip -br link")
                       .then(remedy::command("ip -br address"))
                       .note("compare with macAddress and privateIpAddress in IMDS");
    if (!std::holds_alternative<node::PrimaryNic>(facts.policy.nic)) {
      compare = compare.then(remedy::edit_configuration(
          "set nic.select in /etc/calico-azure-agent/config.toml to one that is there, where it names none"));
    }
    return Finding::fail(facts.nic.problem, compare);
  }
  const auto& nic = *facts.nic.nic;
  return Finding::pass(
      fmt::format("{} ({}){}", nic.link.name, nic.azure.mac.text(), nic.primary ? ", primary" : ""));
}

Finding nic_address(const Facts& facts) {
  if (auto nothing = nothing_to_look_at(facts)) return *nothing;
  const auto& nic = *facts.nic.nic;
  std::string held;
  for (const auto family : kFamilies) {
    if (!is_used(facts.policy, family)) continue;
    const auto address = nic.azure.primary(family);
    if (!address) {
      return Finding::fail(
          fmt::format("IMDS names no {} address for {}", net::family_name(family), nic.link.name),
          fmt::format("{} pod routes need one as their source", net::family_name(family)),
          remedy::edit_configuration("add an {} ipconfig to this NIC in Azure, or take the {} pod CIDRs out "
                                     "of /etc/calico-azure-agent/config.toml",
                                     net::family_name(family), net::family_name(family)));
    }
    if (family == net::Family::ipv6 && is_ipv6_disabled(facts)) {
      const auto key = disable_ipv6_of(nic.link);
      return Finding::fail(fmt::format("{} is 1: {} has no IPv6 address, {} neither", net::sysctl_name(key),
                                       nic.link.name, address->text()),
                           "the kernel neither sends nor takes IPv6 on this NIC",
                           remedy::set_sysctl(key, "0").then(renew_lease(nic.link.name)));
    }
    if (!nic.link.has(*address)) {
      auto absent =
          Finding::fail(fmt::format("IMDS names {} but {} does not have this {} address", address->text(),
                                    nic.link.name, net::family_name(family)),
                        "routes with this source are refused, and Azure drops packets from any other address",
                        renew_lease(nic.link.name));
      // The kernel takes IPv6 addresses from a link that goes down, and leaves those of IPv4.
      if (family == net::Family::ipv6 && !nic.link.up) return told_elsewhere(facts, family, absent);
      return absent;
    }
    held += fmt::format("{}{}", held.empty() ? "" : ", ", address->text());
  }
  return Finding::pass(fmt::format("{} has {}", nic.link.name, held));
}

Finding nic_up(const Facts& facts) {
  if (auto nothing = nothing_to_look_at(facts)) return *nothing;
  const auto& link = facts.nic.nic->link;
  if (!link.up) {
    return Finding::fail(fmt::format("{} is down", link.name),
                         "the kernel drops IPv4 routes of a link that is down",
                         remedy::set_link_up(link.name));
  }
  if (!link.carrier) {
    return Finding::fail(
        fmt::format("{} has no carrier", link.name), "no packet leaves this NIC",
        remedy::command("ip -d link show dev {}", link.name).note("then look at the NIC in Azure"));
  }
  return Finding::pass(fmt::format("{} is up, MTU {}", link.name, link.mtu));
}

Finding nic_gateway(const Facts& facts) {
  if (auto nothing = nothing_to_look_at(facts)) return *nothing;
  const auto& nic = *facts.nic.nic;
  std::string gateways;
  for (const auto family : kFamilies) {
    if (!is_used(facts.policy, family)) continue;
    const auto& gateway = nic.gateway(family);
    if (auto lacking = no_default_route(nic, family)) return told_elsewhere(facts, family, *lacking);
    gateways += fmt::format("{}{}", gateways.empty() ? "" : ", ", gateway->address.text());
  }
  return Finding::pass(fmt::format("by {}", gateways));
}

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
             "ENV{{NM_UNMANAGED}}=\"1\", ENV{{CALICO_AZURE_AGENT_VF}}=\"1\"' > "
             "/etc/udev/rules.d/10-calico-azure-agent-vf.rules && mkdir -p /etc/systemd/network && printf "
             "'[Match]\\nProperty=CALICO_AZURE_AGENT_VF=1\\n[Link]\\nUnmanaged=yes\\n' > "
             "/etc/systemd/network/05-calico-azure-agent-vf.network")
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

Finding nic_vf(const Facts& facts) {
  if (!facts.kernel_error.empty()) return Finding::unknown("could not read the links: " + facts.kernel_error);
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  const net::Link* last = nullptr;
  for (const auto& link : *facts.links) {
    if (!is_vf(facts, link)) continue;
    last = &link;
    const auto* address = given_address(link);
    if (address == nullptr && !has_default_route(facts, link)) continue;
    // The name changes each time that Azure plugs it in anew; the driver does not.
    return Finding::fail(
        fmt::format("{} is the virtual function of {} and has {}", link.name, facts.nic.nic->link.name,
                    address != nullptr ? address->address.text() : "a default route"),

        leave_vfs_alone(link.name));
  }
  if (last == nullptr) return Finding::skip("no virtual function stands under the NIC");
  return Finding::pass(fmt::format("{} has no address and no default route of its own", last->name));
}

}  // namespace

std::vector<Check> rows_of_nic() {
  return {
      {.order = 30,
       .id = "nic.found",
       .subject = Subject::nic,
       .gate = Gate::always,
       .why = "pod routes leave by this NIC; without it none can be programmed",
       .look = nic_found},
      {.order = 40, .id = "nic.address", .subject = Subject::nic, .gate = Gate::always, .look = nic_address},
      {.order = 50, .id = "nic.up", .subject = Subject::nic, .gate = Gate::always, .look = nic_up},
      {.order = 60, .id = "nic.gateway", .subject = Subject::nic, .look = nic_gateway},
      {.order = 540,
       .id = "nic.vf",
       .subject = Subject::nic,
       .why =
           "packets leave by two links with one address, and answers are lost whenever Azure takes it away",
       .look = nic_vf},
  };
}

}  // namespace checks
