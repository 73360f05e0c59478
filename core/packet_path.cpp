#include "core/packet_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "checks/overlay.h"
#include "checks/pod_network.h"

namespace core {
namespace {

using checks::CheckStatus;
using checks::Hop;

/// Nothing that nobody looked at is good: neither a hop without checks nor one whose checks do not apply.
HopState state_of(const std::vector<const checks::CheckResult*>& there) {
  const auto any = [&there](auto is) { return std::any_of(there.begin(), there.end(), is); };
  const auto with = [](CheckStatus status) {
    return [status](const checks::CheckResult* check) { return check->status == status; };
  };
  if (any([](const checks::CheckResult* check) { return check->holds(); })) return HopState::broken;
  if (any(with(CheckStatus::fail))) return HopState::warning;
  if (any(with(CheckStatus::unknown)) || !any(with(CheckStatus::pass))) return HopState::unknown;
  return HopState::good;
}

std::string first_of(const net::SharedList<net::Prefix>& prefixes) {
  if (prefixes.empty()) return "";
  const auto first = prefixes.begin()->text();
  return prefixes.size() == 1 ? first : fmt::format("{} and {} more", first, prefixes.size() - 1);
}

/// The wanted route to the other nodes' pods; of several one that is out of sync.
std::string cluster_route(const Snapshot& snapshot) {
  const auto& routes = snapshot.routes.routes();
  const auto leads = [](const net::Route& route) { return net::leads_somewhere(route.type); };
  const auto& faulty = snapshot.routes.out_of_sync();
  const auto fault = std::find_if(faulty.begin(), faulty.end(), [&](const routing::OutOfSyncRoute& each) {
    return leads(routes[each.position]);
  });
  const auto shown = fault != faulty.end() ? std::next(routes.begin(), fault->position)
                                           : std::find_if(routes.begin(), routes.end(), leads);
  if (shown == routes.end()) return first_of(snapshot.cluster_cidrs);
  auto text = shown->key.destination.text();
  if (shown->gateway) text += " via " + shown->gateway->text();
  if (snapshot.cluster_cidrs.size() > 1)
    text += fmt::format(" and {} more", snapshot.cluster_cidrs.size() - 1);
  return text;
}

std::string nic(const NicStatus& nic) {
  if (nic.name.empty() || nic.addresses.empty()) return nic.name;
  return fmt::format("{} ({})", nic.name, nic.addresses.front());
}

std::string what_stands_at(Hop hop, const Snapshot& snapshot) {
  switch (hop) {
    case Hop::pod:
      return first_of(snapshot.node_cidrs);
    case Hop::link:
      return snapshot.path_links.pod;
    case Hop::route:
      return cluster_route(snapshot);
    case Hop::overlay:
      return snapshot.path_links.overlay;
    case Hop::nic:
      return nic(snapshot.nic);
    case Hop::none:
    case Hop::route_table:
    case Hop::network:
    case Hop::peer_nic:
    case Hop::peer_overlay:
    case Hop::peer_pod:
      break;
  }
  return "";
}

}  // namespace

std::vector<PathHop> packet_path(const Snapshot& snapshot) {
  std::vector<std::pair<Hop, const checks::CheckResult*>> placed;
  for (const auto& check : snapshot.checks) {
    if (check.status != CheckStatus::skip)
      placed.emplace_back(checks::hop_of(check.id, snapshot.mode), &check);
  }
  std::vector<PathHop> path;
  for (const auto hop : checks::hops_of(snapshot.mode)) {
    std::vector<const checks::CheckResult*> there;
    PathHop made{.hop = hop, .at = what_stands_at(hop, snapshot), .state = HopState::unknown, .checks = {}};
    for (const auto& [where, check] : placed) {
      if (where != hop) continue;
      there.push_back(check);
      made.checks.push_back(check->id);
    }
    made.state = state_of(there);
    path.push_back(std::move(made));
  }
  return path;
}

PathLinks path_links(const checks::Facts& facts) {
  PathLinks found;
  if (const auto network = checks::seen_network(facts)) found.pod = checks::bridge_of(*network->main);
  if (!found.pod.empty() && checks::link_named(facts, found.pod) == nullptr) found.pod.clear();
  for (const std::string_view prefix : {"cali", "azv", "veth"}) {
    if (!found.pod.empty()) break;
    const auto is_pods = [prefix](const net::Link& link) { return link.name.starts_with(prefix); };
    if (std::any_of(facts.links->begin(), facts.links->end(), is_pods)) found.pod = std::string(prefix) + '*';
  }
  if (const auto links = checks::overlay_links(facts); !links.empty() && !checks::without_overlay(facts)) {
    found.overlay = links.front()->name;
  }
  return found;
}

}  // namespace core
