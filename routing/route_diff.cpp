#include "routing/route_diff.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace routing {
namespace {

using Position = RouteIndex::Position;

/// A route of ours in the kernel that holds a wanted key without being what is wanted there.
struct Holder {
  Position wanted = 0;
  std::size_t other = 0;
};

/// In the order of what is wanted. The kernel can hold several routes of one key (`ip route append`).
std::vector<Holder> holders(const RouteIndex& index, std::span<const net::Route> others) {
  std::vector<Holder> found;
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (const auto wanted = index.at(others[i].key)) found.push_back({*wanted, i});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Holder& a, const Holder& b) { return a.wanted < b.wanted; });
  return found;
}

/// Sinks, and what table 16925 holds for a secondary NIC's pods.
bool belongs_to_node_cidr(const net::Route& route) {
  return route.type != net::RouteType::unicast || route.key.table == kPodTable;
}

/// The next hops that were not asked for under keys that are, in the order of what is wanted.
std::vector<SharedKey> shared_keys(const RouteIndex& index, std::span<const net::Route> others) {
  std::vector<SharedKey> shared;
  for (const auto& other : others) {
    if (!other.multipath || other.key.destination.family() != net::Family::ipv6) continue;
    const auto position = index.at(other.key);
    if (!position) continue;
    const auto& wanted = index.routes()[*position];
    if (other.gateway != wanted.gateway || other.device != wanted.device)
      shared.push_back({*position, other});
  }
  std::stable_sort(shared.begin(), shared.end(),
                   [](const SharedKey& a, const SharedKey& b) { return a.position < b.position; });
  return shared;
}

bool lists(std::span<const net::Rule> rules, const net::Rule& rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace

void RouteDiffer::begin() {
  seen_ = seen_committed_;
  others_.resize(others_for_good_);
}

void RouteDiffer::take(const net::Route& route) {
  bool wanted = false;
  index_.each_to(route.key.table, route.key.destination, [&](Position position) {
    if (desired_.routes[position] == route) wanted = seen_[position] = true;
  });
  if (!wanted) others_.push_back(route);
}

void RouteDiffer::end() {
  seen_committed_ = seen_;
  others_for_good_ = others_.size();
}

void RouteDiffer::was_put_back(Position position) { seen_[position] = seen_committed_[position] = true; }

/// Of two that want the same key the first counts.
std::vector<Position> RouteDiffer::absent() const {
  std::vector<Position> positions;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const auto position = static_cast<Position>(i);
    if (!seen_[i] && index_.is_first(position)) positions.push_back(position);
  }
  return positions;
}

Diff RouteDiffer::finish(std::span<const net::Rule> rules, std::span<const Position> occupied) const {
  Diff diff;
  auto& drift = diff.drift;
  drift.absent = absent();
  drift.shared = shared_keys(index_, others_);
  drift.rules.assign(rules.begin(), rules.end());
  const auto is_shared = [&drift](Position position) {
    return std::any_of(drift.shared.begin(), drift.shared.end(),
                       [position](const SharedKey& each) { return each.position == position; });
  };
  auto& changes = diff.changes;
  const auto held = holders(index_, others_);
  changes.reserve(drift.absent.size());
  std::vector<bool> settled(others_.size(), false);  // left alone, or about to be replaced in place

  for (const auto position : drift.absent) {
    // A replace could hit the foreign route, an add could only be refused.
    if (std::binary_search(occupied.begin(), occupied.end(), position)) continue;
    const auto& route = desired_.routes[position];
    auto holder = std::lower_bound(held.begin(), held.end(), position,
                                   [](const Holder& each, Position wanted) { return each.wanted < wanted; });
    const bool is_held = holder != held.end() && holder->wanted == position;
    if (is_shared(position) || (route.device != 0 && route.device == desired_.down_device)) {
      for (; holder != held.end() && holder->wanted == position; ++holder) settled[holder->other] = true;
    } else if (is_held) {
      settled[holder->other] = true;
      changes.push_back({.verb = net::Verb::replace, .object = route});
    } else {
      changes.push_back({.verb = net::Verb::add, .object = route});
    }
  }
  for (const auto& rule : desired_.rules) {
    if (!lists(rules, rule)) changes.push_back({.verb = net::Verb::add, .object = rule});
  }
  const auto is_retained = [this](const net::Route& route) {
    return desired_.node_cidrs_awaited && belongs_to_node_cidr(route);
  };
  for (std::size_t i = 0; i < others_.size(); ++i) {
    if (!settled[i]) ++(is_retained(others_[i]) ? diff.retained : drift.unwanted);
  }
  if (!desired_.complete) return diff;

  for (const auto& [position, hop] : drift.shared)
    changes.push_back({.verb = net::Verb::remove, .object = hop});
  for (const auto& rule : rules) {
    if (desired_.node_cidrs_awaited || lists(desired_.rules, rule)) continue;
    changes.push_back({.verb = net::Verb::remove, .object = rule});
  }
  for (std::size_t i = 0; i < others_.size(); ++i) {
    if (settled[i] || is_retained(others_[i])) continue;
    changes.push_back({.verb = net::Verb::remove, .object = others_[i]});
  }
  return diff;
}

bool is_next_hop_of_others(const net::Change& change, const net::Error& refusal) {
  const auto* route = std::get_if<net::Route>(&change.object);
  return change.verb == net::Verb::remove && route != nullptr && route->multipath &&
         refusal.code.value() == ESRCH;
}

std::vector<Position> occupied_positions(const RouteIndex& index,
                                         std::span<const net::Route> foreign_routes) {
  std::vector<Position> positions;
  for (const auto& foreign : foreign_routes) {
    if (const auto position = index.at(foreign.key)) positions.push_back(*position);
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  return positions;
}

Diff diff(const Desired& desired, const Actual& actual, std::span<const net::Route> foreign_routes) {
  const RouteIndex index(desired.routes);
  RouteDiffer differ(desired, index);
  for (const auto& route : actual.routes) differ.take(route);
  return differ.finish(actual.rules, occupied_positions(index, foreign_routes));
}

}  // namespace routing
