#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "agent/core/route_diff.h"
#include "agent/core/route_statuses.h"

namespace agent {

/// How every wanted route and rule stands, and what of ours is left over.
struct Standing {
  RouteStatuses routes;  ///< in the order of Desired::routes
  std::vector<std::string> rule_problems;
  /// Routes of ours that are not wanted but still there (their removal waits or was refused).
  std::size_t unwanted = 0;

  [[nodiscard]] bool settled() const;
};

/// The kernel's words for refused changes, by the key of the route.
using Refusals = std::map<net::RouteKey, std::string>;

/// What the kernel holds, as far as it is not what is wanted.
struct Shortfall {
  std::vector<RouteIndex::Position> absent;  ///< ascending
  std::size_t unwanted = 0;
  std::vector<net::Rule> rules;  ///< every one of ours
};

/// Judges from values only. `strangers` are foreign routes to wanted destinations: one with our very key
/// makes ours `shadowed` when it leads the same way (gateway and device), else `failed`; one with a lower
/// metric in our table makes ours `shadowed`. Both name the owner's protocol. Sinks are never shadowed: a
/// connected route is meant to win.
Standing stand(const Desired& desired, const RouteIndex& index, const Shortfall& shortfall,
               std::span<const net::Route> strangers, const Refusals& refusals);
/// The same of a whole table.
Standing stand(const Desired& desired, const Actual& actual, std::span<const net::Route> strangers,
               const Refusals& refusals);

}  // namespace agent
