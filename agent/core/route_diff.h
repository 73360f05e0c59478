#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "agent/core/desired_routes.h"
#include "net/change.h"
#include "net/route.h"
#include "net/rule.h"

namespace agent {

/// What bears our protocol number in the kernel, complete.
struct Actual {
  std::vector<net::Route> routes;
  std::vector<net::Rule> rules;
};

/// The way from the actual to the desired. Make before break: routes first, then rules (a rule never points
/// into a table that is not filled yet), then removals in the opposite order.
struct Difference {
  std::vector<net::Change> changes;
  /// How many of the changes, at the end, are removals of routes.
  std::size_t route_removals = 0;
};

/// - add: the key is free among ours;
/// - replace: a route of ours has the key but differs;
/// - remove: ours, but not wanted; exactly as the dump showed it.
/// Keys in `occupied` belong to strangers: there nothing of ours is added or replaced.
/// `foreign_shape` rules under our protocol are removed like any other that is not wanted.
Difference diff(const Desired& desired, const Actual& actual, std::span<const net::RouteKey> occupied = {});

}  // namespace agent
