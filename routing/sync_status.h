#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/error.h"
#include "net/kernel.h"
#include "routing/route_diff.h"
#include "routing/route_statuses.h"

namespace routing {

/// How every wanted route and rule stands, and what of ours is left over.
struct SyncStatus {
  RouteStatuses routes;  ///< in the order of Desired::routes
  std::vector<std::string> rule_problems;
  /// Routes of ours that are not wanted but still there (their removal waits or was refused).
  std::size_t unwanted = 0;
  /// Why the kernel could not be asked where packets go; empty: it was asked.
  std::string lookup_error = {};

  /// Every route and rule is there and is taken, and nothing else of ours is.
  [[nodiscard]] bool all_in_sync() const;
  /// Nothing is left to do: every route is there, or a foreign one leads in its place.
  [[nodiscard]] bool settled() const;
  /// The kernel sends what is wanted where it is wanted.
  [[nodiscard]] bool leads_as_wanted() const;
};

/// The kernel's errors for refused changes, by the key of the route.
using Refusals = std::map<net::RouteKey, std::string>;

/// Judges from values only. `foreign_routes` are those to wanted destinations that take precedence over ours
/// where they have our very key: such a one makes ours `shadowed` when it leads the same way (gateway and
/// device), else `failed`; one with a lower metric in our table makes ours `shadowed`, or `failed` where it
/// drops what ours leads. Both name the owner's protocol. A route with a TOS is in the way of packets with
/// that TOS alone, which is none of ours. Next hops of others under our key make it `failed`. Sinks are never
/// shadowed: a connected route is meant to win.
SyncStatus evaluate_sync(const Desired& desired, const RouteIndex& index, const Drift& drift,
                         std::span<const net::Route> foreign_routes, const Refusals& refusals);
/// The same of a whole table.
SyncStatus evaluate_sync(const Desired& desired, const Actual& actual,
                         std::span<const net::Route> foreign_routes, const Refusals& refusals);

/// Of so many wanted routes, others from one round to the next, each address of probes_of() is looked up, for
/// others may take a part of the destination alone; of the rest until one is taken, and of all where there
/// are more than kAlwaysLookedUp. A cluster has one to three CIDRs.
inline constexpr std::size_t kWhollyLookedUp = 16;
/// More wanted routes than this are looked up by sample.
inline constexpr std::size_t kAlwaysLookedUp = 1000;
/// So many of them at a time, each costs a few microseconds.
inline constexpr std::size_t kLookedUpOfMany = 250;

inline constexpr std::size_t kProbes = 4;

/// Addresses that stand for all of the prefix, none of them in one of `elsewhere`.
std::vector<net::Address> probes_of(const net::Prefix& prefix, std::span<const net::Prefix> elsewhere,
                                    std::size_t most = kProbes);

/// Asks the kernel itself where packets to each wanted destination go, by rules, tables, metrics and all: the
/// routes that are there and in sync, but for sinks and for those of tables that `rules` of ours lead pods
/// to. A route that is not taken is `shadowed`, or `failed` where another one of its very key is, or where
/// all is dropped; each names what is the case. Where a part of a destination is dropped, or leaves by
/// another link with more than a node's CIDR, its route is `shadowed`, too; not before `node_cidrs` are
/// known. Of more than kAlwaysLookedUp only some are asked for, others from one `round` to the next, and
/// those that were `obstructed` the last time each time. Returns those that are.
std::vector<RouteIndex::Position> look_up(net::Kernel& kernel, std::span<const net::Rule> rules,
                                          std::span<const net::Prefix> node_cidrs, std::size_t round,
                                          std::vector<RouteIndex::Position> obstructed, SyncStatus& sync);

/// So many parts of the wanted destinations are looked up at a time.
inline constexpr std::size_t kPartsLookedUp = 64;

/// The same of an address of each of `parts`, the pod CIDRs of other nodes: what takes one away from our
/// route, dropped or by another link, is a detour of that route. Another next hop on the route's own link
/// does no harm: Azure forwards by its route table, whatever the next hop. Nothing is asked where more than
/// kAlwaysLookedUp routes are wanted. Returns those parts that were found to be led away, one for each route.
std::vector<net::Prefix> look_up_parts(net::Kernel& kernel, std::span<const net::Rule> rules,
                                       std::span<const net::Prefix> parts, SyncStatus& sync);

}  // namespace routing
