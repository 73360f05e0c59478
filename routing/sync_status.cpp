#include "routing/sync_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace routing {
namespace {

using Position = RouteIndex::Position;

/// The foreign route for people: protocol and next hop identify it; an interface index would not.
std::string owner_of(net::Route foreign) {
  foreign.device = 0;
  return net::route_text(foreign);
}

/// What hands pods their packets comes before the sink of this node's own CIDR; what leads by a next hop
/// takes packets to unused addresses out of the node.
bool may_precede(const net::Route& foreign, const net::Route& wanted) {
  return wanted.key.metric == kSinkMetric && !foreign.gateway && !foreign.multipath;
}

/// "throw" goes on with the next rule: behind table main there is nothing that leads to pods.
bool drops_our_traffic(const net::Route& foreign, const net::Route& wanted) {
  return !net::leads_somewhere(foreign.type) && net::leads_somewhere(wanted.type);
}

/// The wanted routes that are not in sync, as they come to light.
class OutOfSyncRoutes {
 public:
  OutOfSyncRoutes(const RouteIndex& index, std::span<const Position> absent, const Refusals& refusals)
      : index_(index), absent_(absent) {
    found_.reserve(absent.size());
    for (const auto position : absent) {
      auto& found = found_.emplace_back();
      found.position = position;
      if (refusals.empty()) continue;
      const auto refused = refusals.find(index_.routes()[position].key);
      if (refused == refusals.end()) continue;
      found.state = RouteState::failed;
      found.error = refused->second;
    }
  }

  /// Half of the packets go by the other next hop.
  void judge(const SharedKey& key) {
    auto* found = known(key.position);
    if (found == nullptr) return;
    found->state = RouteState::failed;
    found->detours = true;
    found->error = fmt::format("{} also leads via {}, a next hop of others under the same key",
                               key.other.key.destination.text(),
                               key.other.gateway ? key.other.gateway->text() : "another link");
    decided_.insert(key.position);
  }

  void judge(const net::Route& foreign) {
    index_.each_to(foreign.key.table, foreign.key.destination, [&](Position position) {
      if (!decided_.contains(position)) judge(foreign, position);
    });
  }

  /// Ascending.
  [[nodiscard]] std::vector<OutOfSyncRoute> list() && {
    const auto absent = static_cast<std::ptrdiff_t>(found_.size());
    for (auto& [position, found] : in_the_shadow_) found_.push_back(std::move(found));
    std::inplace_merge(
        found_.begin(), found_.begin() + absent, found_.end(),
        [](const OutOfSyncRoute& a, const OutOfSyncRoute& b) { return a.position < b.position; });
    return std::move(found_);
  }

 private:
  void judge(const net::Route& foreign, Position position) {
    const auto& route = index_.routes()[position];
    auto* found = known(position);
    const bool same_way = net::leads_the_same_way(foreign, route);
    if (foreign.key == route.key) {
      auto& holder = found != nullptr ? *found : in_the_shadow_[position];
      holder = {.position = position,
                .state = same_way ? RouteState::shadowed : RouteState::failed,
                .error = fmt::format("{} holds the place{}", owner_of(foreign),
                                     same_way ? " and leads the same way" : ""),
                .detours = !same_way};
      decided_.insert(position);
    } else if (found == nullptr && foreign.key.tos == route.key.tos &&
               foreign.key.metric < route.key.metric && !may_precede(foreign, route)) {
      const bool drops = drops_our_traffic(foreign, route);
      in_the_shadow_[position] = {.position = position,
                                  .state = drops ? RouteState::failed : RouteState::shadowed,
                                  .error = fmt::format("{} has the lower metric and {}", owner_of(foreign),
                                                       drops ? "drops all packets" : "wins"),
                                  .detours = !same_way};
    }
  }

  OutOfSyncRoute* known(Position position) {
    const auto at = std::lower_bound(absent_.begin(), absent_.end(), position);
    if (at != absent_.end() && *at == position)
      return &found_[static_cast<std::size_t>(at - absent_.begin())];
    const auto shadowed = in_the_shadow_.find(position);
    return shadowed == in_the_shadow_.end() ? nullptr : &shadowed->second;
  }

  const RouteIndex& index_;
  std::span<const Position> absent_;
  std::vector<OutOfSyncRoute> found_;  ///< by absent_, then all
  std::map<Position, OutOfSyncRoute> in_the_shadow_;
  std::set<Position> decided_;
};

}  // namespace

bool SyncStatus::all_in_sync() const {
  return routes.out_of_sync().empty() && rule_problems.empty() && unwanted == 0 && lookup_error.empty();
}

bool SyncStatus::settled() const {
  const auto& out_of_sync = routes.out_of_sync();
  return rule_problems.empty() && std::all_of(out_of_sync.begin(), out_of_sync.end(), [](const auto& each) {
           return each.state == RouteState::shadowed;
         });
}

bool SyncStatus::leads_as_wanted() const {
  const auto& out_of_sync = routes.out_of_sync();
  return settled() && lookup_error.empty() &&
         std::none_of(out_of_sync.begin(), out_of_sync.end(), [](const auto& each) { return each.detours; });
}

SyncStatus evaluate_sync(const Desired& desired, const RouteIndex& index, const Drift& drift,
                         std::span<const net::Route> foreign_routes, const Refusals& refusals) {
  OutOfSyncRoutes out_of_sync(index, drift.absent, refusals);
  for (const auto& key : drift.shared) out_of_sync.judge(key);
  for (const auto& foreign : foreign_routes) out_of_sync.judge(foreign);
  SyncStatus sync;
  sync.routes = {desired.routes, std::move(out_of_sync).list()};
  sync.unwanted = drift.unwanted;
  for (const auto& rule : desired.rules) {
    if (std::find(drift.rules.begin(), drift.rules.end(), rule) == drift.rules.end()) {
      sync.rule_problems.push_back(
          fmt::format("rule from {} lookup {} is missing", rule.source.text(), rule.table));
    }
  }
  return sync;
}

SyncStatus evaluate_sync(const Desired& desired, const Actual& actual,
                         std::span<const net::Route> foreign_routes, const Refusals& refusals) {
  const RouteIndex index(desired.routes);
  RouteDiffer differ(desired, index);
  for (const auto& route : actual.routes) differ.take(route);
  return evaluate_sync(desired, index, differ.finish(actual.rules, {}).drift, foreign_routes, refusals);
}

}  // namespace routing
