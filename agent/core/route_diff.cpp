#include "agent/core/route_diff.h"

#include <algorithm>
#include <unordered_map>

namespace agent {
namespace {

struct KeyHash {
  std::size_t operator()(const net::RouteKey& key) const {
    std::size_t hash = key.table * 31U + key.metric;
    for (const auto byte : key.destination.network().bytes()) hash = hash * 131U + byte;
    return hash * 131U + key.destination.length();
  }
};

/// Ours by key. The kernel can hold several routes of one key (`ip route append`), so a key has a list.
using Index = std::unordered_multimap<net::RouteKey, std::size_t, KeyHash>;

Index index_of(std::span<const net::Route> routes) {
  Index index;
  index.reserve(routes.size());
  for (std::size_t i = 0; i < routes.size(); ++i) index.emplace(routes[i].key, i);
  return index;
}

/// Sinks, and what table 16925 holds for a secondary NIC's pods.
bool belongs_to_node_cidr(const net::Route& route) {
  return route.type != net::RouteType::unicast || route.key.table == kPodTable;
}

}  // namespace

Difference diff(const Desired& desired, const Actual& actual, std::span<const net::RouteKey> occupied) {
  Difference difference;
  auto& changes = difference.changes;
  const auto index = index_of(actual.routes);
  std::vector<bool> settled(actual.routes.size(), false);  // kept as it is, or about to be replaced in place

  for (const auto& route : desired.routes) {
    const auto [first, last] = index.equal_range(route.key);
    const bool strangers_hold_it = std::find(occupied.begin(), occupied.end(), route.key) != occupied.end();
    bool present = false;
    for (auto at = first; at != last; ++at) {
      // A dump can show one IPv6 route twice when the table changes under it: both are the one that is
      // wanted.
      if (actual.routes[at->second] == route) present = settled[at->second] = true;
    }
    if (present) continue;
    if (strangers_hold_it)
      continue;  // a replace could hit the stranger's route, an add could only be refused
    if (route.device != 0 && route.device == desired.down_device) {
      for (auto at = first; at != last; ++at) settled[at->second] = true;
    } else if (first != last) {
      settled[first->second] = true;
      changes.push_back({.verb = net::Verb::replace, .object = route});
    } else {
      changes.push_back({.verb = net::Verb::add, .object = route});
    }
  }
  for (const auto& rule : desired.rules) {
    if (std::find(actual.rules.begin(), actual.rules.end(), rule) == actual.rules.end()) {
      changes.push_back({.verb = net::Verb::add, .object = rule});
    }
  }
  if (!desired.complete) return difference;

  for (const auto& rule : actual.rules) {
    if (desired.node_cidrs_awaited) break;
    if (std::find(desired.rules.begin(), desired.rules.end(), rule) == desired.rules.end()) {
      changes.push_back({.verb = net::Verb::remove, .object = rule});
    }
  }
  for (std::size_t i = 0; i < actual.routes.size(); ++i) {
    if (settled[i] || (desired.node_cidrs_awaited && belongs_to_node_cidr(actual.routes[i]))) continue;
    changes.push_back({.verb = net::Verb::remove, .object = actual.routes[i]});
    ++difference.route_removals;
  }
  return difference;
}

}  // namespace agent
