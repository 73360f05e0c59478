#include "routing/pod_flows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace routing {
namespace {

/// The wanted route that is to lead to the address, or from where: the one with the longest prefix.
std::optional<RouteIndex::Position> way_to(const net::Address& address, std::span<const net::Route> routes) {
  std::optional<RouteIndex::Position> best;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const auto& destination = routes[i].key.destination;
    if (routes[i].type != net::RouteType::unicast || !destination.contains(address)) continue;
    if (!best || routes[*best].key.destination.length() < destination.length())
      best = static_cast<RouteIndex::Position>(i);
  }
  return best;
}

bool is_known(const RouteStatuses& routes, RouteIndex::Position position) {
  const auto& known = routes.out_of_sync();
  return std::any_of(known.begin(), known.end(),
                     [position](const OutOfSyncRoute& each) { return each.position == position; });
}

/// Without the rule it would leave by the link: the kernel is asked as for this node's own packet. Tables to
/// which rules of ours lead pods alone cannot be asked for like that.
bool is_led_else(net::Kernel& kernel, std::span<const net::Rule> rules, const net::Route& wanted,
                 const net::Address& to, std::uint32_t link) {
  const auto is_of_pods = [&wanted](const net::Rule& rule) { return rule.table == wanted.key.table; };
  if (std::any_of(rules.begin(), rules.end(), is_of_pods)) return true;
  const auto found = kernel.lookup(net::Flow(to));
  return found && found->device == link;
}

/// The packet is dropped by where it goes: it would come in, and be forwarded.
bool is_dropped_by_its_way(net::Kernel& kernel, const PodFlow& asked, int error) {
  if (error != EINVAL && error != EACCES && error != ENETUNREACH && error != EHOSTUNREACH) return false;
  if (error == EHOSTUNREACH && !asked.forwards) return false;
  if (!asked.own) return false;
  net::Flow to_the_node(*asked.own);
  to_the_node.from = asked.flow.from;
  to_the_node.incoming = asked.flow.incoming;
  return kernel.lookup(to_the_node).has_value();
}

std::string text_without_link(net::Route route) {
  route.device = 0;  // protocol and next hop identify it; an interface index would not
  return net::route_text(route);
}

/// What the rule does to the packet; nullopt: nothing, or nothing that is proven.
std::optional<OutOfSyncRoute> judge(net::Kernel& kernel, std::span<const net::Rule> rules,
                                    const PodFlow& asked, const net::Route& wanted) {
  const auto link = asked.link.value_or(wanted.device);
  const auto found = kernel.lookup(asked.flow);
  if (found && found->device == link && !found->multipath) return std::nullopt;
  if (!found && !is_dropped_by_its_way(kernel, asked, found.error().code.value())) return std::nullopt;
  if (!is_led_else(kernel, rules, wanted, asked.flow.to, link)) return std::nullopt;
  const auto what =
      found ? "take " + text_without_link(*found) : fmt::format("are dropped ({})", found.error().what);
  return OutOfSyncRoute{
      .position = 0,
      .state = !found && asked.stands_for_all ? RouteState::failed : RouteState::shadowed,
      .error = fmt::format("packets from {} to {} that {} chooses {}",
                           asked.flow.from ? asked.flow.from->text() : "this node", asked.flow.to.text(),
                           asked.rule, what),
      .detours = true,
      .led_away =
          LedAway{.to = asked.flow.to, .dropped = !found, .other_table = true, .rule_table = asked.table}};
}

}  // namespace

void look_up_flows(net::Kernel& kernel, std::span<const net::Rule> rules, std::span<const PodFlow> flows,
                   SyncStatus& sync) {
  // Where the kernel cannot be asked at all, SyncStatus::lookup_error has the reason already.
  if (!sync.lookup_error.empty()) return;
  for (const auto& flow : flows) {
    const auto position = way_to(flow.elsewhere, sync.routes.routes());
    if (!position || is_known(sync.routes, *position)) continue;
    auto found = judge(kernel, rules, flow, sync.routes.routes()[*position]);
    if (!found) continue;
    found->position = *position;
    sync.routes.add({std::move(*found)});
  }
}

}  // namespace routing
