#include "node/node_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace node {
namespace {

/// How strict the other NICs are about the sources of what they receive.
void read_other_nics(net::Sysctls& sysctls, const observed::NodeNetwork& network, const NodeView& view,
                     observed::SysctlReadings& readings) {
  if (!view.nic.nic) return;
  for (const auto& nic : network.nics) {
    const auto link = find_link(nic, *view.kernel_state.links);
    if (!link || link->index == view.nic.nic->link.index) continue;
    auto key = fmt::format("net/ipv4/conf/{}/rp_filter", link->name);
    auto reading = sysctls.read(key);
    readings.emplace(std::move(key), std::move(reading));
  }
}

}  // namespace

Machine machine_of(const KernelState& kernel_state, const Policy& policy,
                   const std::optional<net::MacAddress>& primary) {
  Machine machine{.links = *kernel_state.links,
                  .azures = macs_of_platform_routes(*kernel_state.links, kernel_state.platform_routes),
                  .select = policy.nic,
                  .ipv6 = policy.uses(net::Family::ipv6)};
  if (primary) machine.azures.push_back(*primary);
  return machine;
}

NodeView view_of(KernelState kernel_state, net::Sysctls& sysctls, const Policy& policy,
                 const std::optional<observed::NodeNetwork>& network,
                 const std::optional<net::MacAddress>& primary) {
  NodeView view{.kernel_state = std::move(kernel_state),
                .error = "",
                .primary = primary,
                .nic = {},
                .desired = {},
                .sysctls = {}};
  if (network) {
    const auto& [links, platform_routes, foreign_routes] = view.kernel_state;
    if (auto shown = shown_primary(*network, *links, platform_routes, primary)) view.primary = shown;
    const auto counting = effective_primary(*network, *links, view.primary);
    view.nic = resolve_nic(*network, *links, platform_routes, policy.nic, counting);
    view.desired = desired_routes(policy, *network, view.nic.nic ? &*view.nic.nic : nullptr);
  }
  view.sysctls = sysctls_around(view, sysctls, policy, network);
  return view;
}

observed::SysctlReadings sysctls_around(const NodeView& view, net::Sysctls& sysctls, const Policy& policy,
                                        const std::optional<observed::NodeNetwork>& network) {
  auto readings = read_sysctls(sysctls, policy, view.nic.nic ? view.nic.nic->link.name : "");
  if (network) read_other_nics(sysctls, *network, view, readings);
  return readings;
}

NotificationScope classify(const net::Notification& notification, std::uint8_t protocol,
                           std::span<const net::Prefix> watched) {
  if (notification.subject == net::Notification::Subject::rule) return NotificationScope::routes;
  if (notification.subject != net::Notification::Subject::route || !notification.route)
    return NotificationScope::all;
  if (notification.route->protocol == protocol) return NotificationScope::routes;
  const bool is_watched =
      std::binary_search(watched.begin(), watched.end(), notification.route->key.destination);
  return is_watched ? NotificationScope::all : NotificationScope::nothing;
}

}  // namespace node
