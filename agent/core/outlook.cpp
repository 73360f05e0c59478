#include "agent/core/outlook.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace agent {
namespace {

/// How strict the other NICs are about the sources of what they receive.
void read_other_nics(net::Sysctls& sysctls, const net::NodeNetwork& network, Outlook& outlook) {
  if (!outlook.nic.nic) return;
  for (const auto& nic : network.nics) {
    const auto link = find_link(nic, outlook.survey.links);
    if (!link || link->index == outlook.nic.nic->link.index) continue;
    auto key = fmt::format("net/ipv4/conf/{}/rp_filter", link->name);
    auto reading = sysctls.read(key);
    outlook.sysctls.emplace(std::move(key), std::move(reading));
  }
}

}  // namespace

Machine machine_of(const Survey& survey, const Policy& policy,
                   const std::optional<net::MacAddress>& primary) {
  Machine machine{.links = survey.links,
                  .azures = macs_of_platform_routes(survey.links, survey.landmarks),
                  .select = policy.nic,
                  .ipv6 = policy.uses(net::Family::ipv6)};
  if (primary) machine.azures.push_back(*primary);
  return machine;
}

Outlook outlook_of(Survey survey, net::Sysctls& sysctls, const Policy& policy,
                   const std::optional<net::NodeNetwork>& network,
                   const std::optional<net::MacAddress>& primary) {
  Outlook outlook{
      .survey = std::move(survey), .error = "", .primary = primary, .nic = {}, .desired = {}, .sysctls = {}};
  if (network) {
    const auto& [links, landmarks, strangers] = outlook.survey;
    if (auto shown = shown_primary(*network, links, landmarks, primary)) outlook.primary = shown;
    const auto counting = primary_that_counts(*network, links, outlook.primary);
    outlook.nic = resolve_nic(*network, links, landmarks, policy.nic, counting);
    outlook.desired = desired_routes(policy, *network, outlook.nic.nic ? &*outlook.nic.nic : nullptr);
  }
  outlook.sysctls = read_sysctls(sysctls, policy, outlook.nic.nic ? outlook.nic.nic->link.name : "");
  if (network) read_other_nics(sysctls, *network, outlook);
  return outlook;
}

Concern concern_of(const net::Hint& hint, std::uint8_t protocol, std::span<const net::Prefix> watched) {
  if (hint.subject == net::Hint::Subject::rule) return Concern::routes;
  if (hint.subject != net::Hint::Subject::route || !hint.route) return Concern::all;
  if (hint.route->protocol == protocol) return Concern::routes;
  const bool is_watched = std::binary_search(watched.begin(), watched.end(), hint.route->key.destination);
  return is_watched ? Concern::all : Concern::nothing;
}

}  // namespace agent
