#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "agent/core/route_diff.h"
#include "agent/core/snapshot.h"
#include "net/link.h"

namespace agent {

/// How every wanted route and rule stands, and what of ours is left over.
struct Standing {
  std::vector<RouteStatus> routes;  ///< in the order of Desired::routes
  std::vector<std::string> rule_problems;
  /// Routes of ours that are not wanted but still there (their removal waits or was refused).
  std::size_t unwanted = 0;

  [[nodiscard]] bool settled() const;
};

/// The kernel's words for refused changes, by the key of the route.
using Refusals = std::map<net::RouteKey, std::string>;

/// Judges from values only. `strangers` are foreign routes to wanted destinations: one with our very key
/// makes ours `shadowed` when it leads the same way (gateway and device), else `failed`; one with a lower
/// metric in our table makes ours `shadowed`. Both name the owner's protocol. Sinks are never shadowed: a
/// connected route is meant to win.
Standing stand(const Desired& desired, const Actual& actual, std::span<const net::Route> strangers,
               const Refusals& refusals);

/// Fills in RouteStatus::device.
void name_devices(std::vector<RouteStatus>& routes, std::span<const net::Link> links);

/// Keys of wanted routes that strangers hold.
std::vector<net::RouteKey> occupied_keys(const Desired& desired, std::span<const net::Route> strangers);

}  // namespace agent
