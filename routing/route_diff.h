#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/change.h"
#include "net/kernel.h"
#include "net/route.h"
#include "net/rule.h"
#include "routing/desired.h"
#include "routing/route_index.h"

namespace routing {

/// Everything with our protocol number in the kernel, complete.
struct Actual {
  std::vector<net::Route> routes;
  std::vector<net::Rule> rules;
};

/// An IPv6 key that we want and that has other next hops beside, or instead of, ours.
struct SharedKey {
  RouteIndex::Position position = 0;
  net::Route other;  ///< one of those that are not wanted

  bool operator==(const SharedKey&) const = default;
};

/// What the kernel holds, as far as it is not what is wanted.
struct Drift {
  /// The wanted routes that are not there as wanted, ascending; those that nothing is done about too.
  std::vector<RouteIndex::Position> absent;
  /// Of those, the ones whose keys have other next hops too. Which are ours is not known: all of these are to
  /// be removed, which the kernel does with ours alone.
  std::vector<SharedKey> shared = {};
  std::size_t unwanted = 0;           ///< routes of ours that are to go
  std::vector<net::Rule> rules = {};  ///< every one of ours, wanted or not
};

/// The way from the actual to the desired. Make before break: routes first, then rules (a rule never points
/// into a table that is not filled yet), then removals in the opposite order.
struct Diff {
  std::vector<net::Change> changes;
  Drift drift;               ///< what is not as wanted now, before any change
  std::size_t retained = 0;  ///< routes of ours that are not wanted but stay, since they may yet be
};

/// Whether the refusal of a change means that there is nothing of ours to remove: of several next hops of one
/// IPv6 key a dump does not show which are ours, and the kernel removes only those (net::Route::multipath).
bool is_next_hop_of_others(const net::Change& change, const net::Error& refusal);

/// Compares what a dump shows of ours, route by route, with what is wanted; what is there as wanted leaves
/// nothing behind but a bit. Refers to both arguments.
///
/// - add: the key is free among ours;
/// - replace: a route of ours has the key but differs;
/// - remove: ours, but not wanted; exactly as the dump showed it.
/// Keys in `occupied` belong to foreign routes: there nothing of ours is added or replaced. Under a key with
/// several next hops some may be others', which a replace would remove: only single ones are removed
/// there. `unknown_selectors` rules under our protocol are removed like any other that is not wanted.
class RouteDiffer final : public net::RouteVisitor {
 public:
  RouteDiffer(const Desired& desired, const RouteIndex& index)
      : desired_(desired), index_(index), seen_(desired.routes.size(), false), seen_committed_(seen_) {}

  void begin() override;
  void take(const net::Route& route) override;
  void end() override;
  /// It was put there while a dump ran, perhaps behind its back.
  void was_put_back(RouteIndex::Position position);

  /// `occupied` ascends.
  [[nodiscard]] Diff finish(std::span<const net::Rule> rules,
                            std::span<const RouteIndex::Position> occupied) const;

 private:
  [[nodiscard]] std::vector<RouteIndex::Position> absent() const;

  const Desired& desired_;
  const RouteIndex& index_;
  std::vector<bool> seen_;
  std::vector<bool> seen_committed_;  ///< as of the last end()
  std::vector<net::Route> others_;    ///< ours, but none of those that are wanted
  std::size_t others_for_good_ = 0;
};

/// Positions of the wanted routes whose keys foreign routes hold, ascending.
std::vector<RouteIndex::Position> occupied_positions(const RouteIndex& index,
                                                     std::span<const net::Route> foreign_routes);

/// The same of two whole tables.
Diff diff(const Desired& desired, const Actual& actual, std::span<const net::Route> foreign_routes = {});

}  // namespace routing
