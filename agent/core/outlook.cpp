#include "agent/core/outlook.h"

#include <algorithm>
#include <utility>

namespace agent {

Outlook look_around(net::Kernel& kernel, net::Sysctls& sysctls, const Policy& policy,
                    const std::optional<net::NodeNetwork>& network, std::span<const std::uint8_t> ours) {
  Outlook outlook;
  auto seen = survey(kernel, policy, ours);
  if (seen) {
    outlook.survey = std::move(*seen);
  } else {
    outlook.error = seen.error().what;
    outlook.desired.complete = false;
  }
  if (network && outlook.error.empty()) {
    outlook.nic = resolve_nic(*network, outlook.survey.links, outlook.survey.landmarks, policy.nic);
    outlook.desired = desired_routes(policy, *network, outlook.nic.nic ? &*outlook.nic.nic : nullptr);
  }
  outlook.sysctls = read_sysctls(sysctls, policy, outlook.nic.nic ? outlook.nic.nic->link.name : "");
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
