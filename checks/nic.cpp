#include <fmt/format.h>

#include <array>

#include "checks/checks.h"
#include "checks/nic_fault.h"
#include "checks/remedies.h"
#include "net/sysctls.h"

namespace checks {
namespace {

/// Why a check of the NIC cannot say anything; nullopt when there is a NIC to look at.
std::optional<Finding> nothing_to_look_at(const Facts& facts) {
  if (!facts.survey_error.empty())
    return Finding::unknown("could not look at the links: " + facts.survey_error);
  if (!facts.network) return Finding::unknown("no document from IMDS yet");
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  return std::nullopt;
}

constexpr std::array kFamilies = {net::Family::ipv4, net::Family::ipv6};

/// What is missing for the reason that another check tells, if one does; else as it is.
Finding told_elsewhere(const Facts& facts, net::Family family, Finding finding) {
  const auto teller = nic_fault(facts, family);
  if (teller.empty()) return finding;
  return Finding::unless_required(fmt::format("{}, see {}", finding.message, teller), finding.why,
                                  remedy::edit("see {}", teller));
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
    return Finding::warn(
        fmt::format("no {} gateway is known for {}", net::family_name(family), nic.link.name),
        "pod routes of this family cannot be programmed",
        family == net::Family::ipv6 ? remedy::command("ip -6 route show default dev {}", nic.link.name)
                                    : remedy::command("ip -4 route show default dev {}", nic.link.name));
  }
  if (!gateway->assumed) return std::nullopt;
  if (family == net::Family::ipv4) {
    return Finding::warn(
        fmt::format("there is no IPv4 default route: using {}, the first address of {}'s subnet",
                    gateway->address.text(), nic.link.name),
        "DHCP should have brought one; without it the node itself reaches nothing outside its subnets",
        renew_lease(nic.link.name));
  }
  return Finding::warn(fmt::format("no {} default router on {}: using Azure's {}", net::family_name(family),
                                   nic.link.name, gateway->address.text()),
                       "a router advertisement should have brought a default route; without it the node "
                       "itself has no IPv6 way out",
                       remedy::command("sysctl -w {}=2", net::sysctl_name(fmt::format(
                                                             "net/ipv6/conf/{}/accept_ra", nic.link.name))));
}

}  // namespace

Finding nic_found(const Facts& facts) {
  if (!facts.survey_error.empty())
    return Finding::unknown("could not look at the links: " + facts.survey_error);
  if (!facts.network) return Finding::unknown("no document from IMDS yet");
  if (!facts.nic.nic) {
    auto compare = remedy::command("ip -br link")
                       .then(remedy::command("ip -br address"))
                       .note("compare with macAddress and privateIpAddress in IMDS");
    if (!std::holds_alternative<node::PrimaryNic>(facts.policy.nic)) {
      compare = compare.then(remedy::edit_configuration(
          "set nic.select in /etc/calico-azure-agent/config.toml to one that is there, where it names none"));
    }
    return Finding::fail(facts.nic.problem, "pod routes leave by this NIC; without it none can be programmed",
                         compare);
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
          remedy::edit_configuration(
              "add an {} ipconfig to this NIC in Azure, or take the {} pod CIDRs out of "
              "/etc/calico-azure-agent/config.toml",
              net::family_name(family), net::family_name(family)));
    }
    if (family == net::Family::ipv6 && is_ipv6_disabled(facts)) {
      const auto key = disable_ipv6_of(nic.link);
      return Finding::fail(fmt::format("{} is 1: {} has no IPv6 address, {} neither", net::sysctl_name(key),
                                       nic.link.name, address->text()),
                           "the kernel neither sends nor takes IPv6 on this NIC",
                           set_sysctl(key, "0").then(renew_lease(nic.link.name)));
    }
    if (!nic.link.has(*address)) {
      auto absent =
          Finding::fail(fmt::format("IMDS says {} but {} does not have this {} address", address->text(),
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
                         remedy::command("ip link set dev {} up", link.name));
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

}  // namespace checks
