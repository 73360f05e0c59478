#include "routing/reconciler.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace routing {
namespace {

std::vector<std::uint32_t> tables_of(const net::SharedList<net::Route>& routes) {
  std::vector<std::uint32_t> tables;
  for (const auto& route : routes) {
    if (std::find(tables.begin(), tables.end(), route.key.table) == tables.end())
      tables.push_back(route.key.table);
  }
  return tables;
}

/// What the kernel holds after the change, without another dump: every notification about it would be our own
/// echo. The next notification or resync dumps.
void take_over(std::vector<net::Rule>& rules, net::Verb verb, const net::Rule& rule) {
  if (verb == net::Verb::add) {
    rules.push_back(rule);
  } else {
    std::erase(rules, rule);
  }
}

/// Tells of one change after the other whether the kernel made it.
class RefusalCursor {
 public:
  explicit RefusalCursor(std::span<const net::Refusal> refused) : refused_(refused) {}
  /// Null: it was made. `index` ascends.
  const net::Error* refusal_of(std::size_t index) {
    if (refused_.empty() || refused_.front().index != index) return nullptr;
    const auto* error = &refused_.front().error;
    refused_ = refused_.subspan(1);
    return error;
  }

 private:
  std::span<const net::Refusal> refused_;
};

bool removes(const net::Change& change) { return change.verb == net::Verb::remove; }

}  // namespace

void Reconciler::want(Desired desired, std::uint8_t protocol, bool agreed, net::MonoTime now) {
  // One list, where the routes are the same.
  if (desired_ && desired_->routes == desired.routes) desired.routes = desired_->routes;
  guard_.want(desired, agreed);
  const bool same = desired_ && *desired_ == desired && protocol_ == protocol;
  const bool held = sync_.unwanted > 0;  // a second reading may have freed the removals
  if (!same) {
    if (desired_ && protocol_ != protocol) retired_.push_back(protocol_);
    std::erase(retired_, protocol);
    follow(desired);
    desired_ = std::move(desired);
    protocol_ = protocol;
    every_table_ = true;
  }
  if (!same || held) request_sync(now);
}

void Reconciler::restore(std::span<const std::uint8_t> protocols, net::MonoTime now) {
  for (const auto protocol : protocols) {
    if (desired_ && protocol == protocol_) continue;
    if (std::find(retired_.begin(), retired_.end(), protocol) == retired_.end()) retired_.push_back(protocol);
  }
  request_full_resync(now);
}

/// What was in place still is, where the new set wants the very route; to make another one of it repairs
/// nothing.
void Reconciler::follow(const Desired& desired) {
  if (desired_ && desired_->routes == desired.routes) return;
  std::vector<bool> in_place(desired.routes.size(), false);
  for (std::size_t i = 0; i < in_place.size() && !in_place_.empty(); ++i) {
    const auto before = index_.at(desired.routes[i].key);
    in_place[i] = before && in_place_[*before] && index_.routes()[*before] == desired.routes[i];
  }
  in_place_ = std::move(in_place);
  removed_by_.clear();
  obstructed_.clear();
  index_ = RouteIndex(desired.routes);
  tables_ = tables_of(desired.routes);
  occupied_ = occupied_positions(index_, foreign_routes_);
}

std::vector<std::uint8_t> Reconciler::owned(std::uint8_t next) const {
  auto protocols = retired_;
  std::erase(protocols, next);
  protocols.push_back(next);
  if (desired_ && protocol_ != next) protocols.push_back(protocol_);
  return protocols;
}

void Reconciler::release_all() {
  if (desired_) retired_.push_back(protocol_);
  desired_.reset();
  index_ = RouteIndex();
  tables_.clear();
  occupied_.clear();
  sync_ = {};
  in_place_.clear();
  removed_by_.clear();
  obstructed_.clear();
  error_.reset();
  looked_ = false;
}

void Reconciler::set_foreign_routes(std::vector<net::Route> foreign_routes, net::MonoTime now) {
  if (foreign_routes == foreign_routes_) return;
  foreign_routes_ = std::move(foreign_routes);
  occupied_ = occupied_positions(index_, foreign_routes_);
  request_sync(now);
}

void Reconciler::set_link_state(std::uint32_t device, bool up) {
  if (!desired_) return;
  if (!up) {
    desired_->down_device = device;
  } else if (desired_->down_device == device) {
    desired_->down_device = 0;
  }
}

void Reconciler::request_sync(net::MonoTime now) {
  if (!requested_at_) requested_at_ = now;
}

void Reconciler::request_full_resync(net::MonoTime now) {
  every_table_ = true;
  request_sync(now);
}

SyncState Reconciler::state() const {
  if (!desired_) return SyncState::released;
  if (requested_at_) return SyncState::requested;
  if (unconfirmed_repair_) return SyncState::confirming;
  return retry_at_ ? SyncState::retrying : SyncState::settled;
}

std::optional<net::MonoTime> Reconciler::due() const {
  std::optional<net::MonoTime> next = retry_at_;
  const auto sooner = [&next](net::MonoTime due) { next = next ? std::min(*next, due) : due; };
  if (requested_at_) sooner(budget_.due(*requested_at_));
  if (unconfirmed_repair_)
    sooner(budget_.due_after_repair(unconfirmed_repair_->first, unconfirmed_repair_->last));
  return next;
}

/// True when the notification only reports that a wanted route is gone.
bool Reconciler::is_gone(const net::Notification& notification, std::vector<Position>& gone) {
  const auto& key = notification.route->key;
  if (std::find(tables_.begin(), tables_.end(), key.table) == tables_.end()) every_table_ = true;
  const auto position = index_.at(key);
  if (!notification.removal || !position) return false;
  gone.push_back(*position);
  if (notification.removed_by != 0) removed_by_.insert_or_assign(*position, notification.removed_by);
  return true;
}

RepairReport Reconciler::repair_from_notifications(std::span<const net::Notification> notifications,
                                                   std::uint32_t device, net::MonoTime now) {
  std::vector<Position> gone;
  for (const auto& each : notifications) {
    const bool of_rule = each.subject == net::Notification::Subject::rule;
    const bool ours = each.route && each.route->protocol == protocol_;
    if (of_rule || (ours && !is_gone(each, gone))) request_sync(now);
  }
  if (device != 0 && desired_) {
    for (std::size_t i = 0; i < desired_->routes.size(); ++i) {
      if (desired_->routes[i].device == device) gone.push_back(static_cast<Position>(i));
    }
  }
  if (gone.empty()) return {};
  std::sort(gone.begin(), gone.end());
  gone.erase(std::unique(gone.begin(), gone.end()), gone.end());
  if (!rate_limiter_.take(gone.size(), desired_->routes.size(), now)) {
    request_sync(now);
    return {.made = {}, .complete = false};
  }
  return put_back(std::move(gone), now);
}

RepairReport Reconciler::put_back(std::vector<Position> positions, net::MonoTime now) {
  const auto left_for_later = [this](Position position) {
    const auto device = desired_->routes[position].device;
    return std::binary_search(occupied_.begin(), occupied_.end(), position) ||
           (device != 0 && device == desired_->down_device);
  };
  if (std::erase_if(positions, left_for_later) > 0) request_sync(now);

  std::vector<net::Change> changes;
  changes.reserve(positions.size());
  for (const auto position : positions)
    changes.push_back({.verb = net::Verb::add, .object = desired_->routes[position]});
  const auto refused = kernel_.apply(changes);
  if (!refused || !refused->empty()) request_sync(now);
  if (!refused) return {.made = {}, .complete = false};

  RepairReport report;
  report.made.reserve(positions.size());
  RefusalCursor refusals(*refused);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (const auto* error = refusals.refusal_of(i)) {
      report.complete = report.complete && error->code.value() == EEXIST;
      continue;
    }
    if (running_dump_ != nullptr) running_dump_->was_put_back(positions[i]);
    report.made.push_back(applied(changes[i], positions[i]));
  }
  unconfirmed_repair_ = Wait{.first = unconfirmed_repair_ ? unconfirmed_repair_->first : now, .last = now};
  return report;
}

/// With the process that removed the route, as far as it is known.
AppliedChange Reconciler::applied(const net::Change& change, Position position) {
  const auto removed = removed_by_.extract(position);
  return {.change = change,
          .repaired = in_place_[position],
          .removed_by = removed.empty() ? 0 : removed.mapped()};
}

net::Result<std::vector<net::Rule>> Reconciler::dump(RouteDiffer& differ) {
  const bool every_table = std::exchange(every_table_, false) || !retired_.empty() || tables_.empty();
  const auto tables = every_table ? std::vector<std::uint32_t>{0} : tables_;
  std::vector<net::Rule> all;
  running_dump_ = &differ;
  const auto dumped = [&]() -> net::Result<void> {
    for (const auto protocol : owned(protocol_)) {
      for (const auto table : tables) {
        if (auto taken = kernel_.take_routes(protocol, table, differ); !taken) return taken;
      }
      const auto rules = kernel_.rules(protocol);
      if (!rules) return net::pass_on(rules);
      all.insert(all.end(), rules->begin(), rules->end());
    }
    return {};
  }();
  running_dump_ = nullptr;
  if (dumped) return all;
  every_table_ = every_table_ || every_table;
  return net::pass_on(dumped);
}

net::Result<Diff> Reconciler::diff_with_kernel() {
  RouteDiffer differ(*desired_, index_);
  const auto rules = dump(differ);
  if (!rules) return net::pass_on(rules);
  return differ.finish(*rules, occupied_);
}

StepReport Reconciler::step(net::MonoTime now, const LookupTargets& targets) {
  StepReport report;
  requested_at_.reset();
  unconfirmed_repair_.reset();
  retry_at_.reset();
  if (!desired_) return report;

  auto diff = diff_with_kernel();
  if (!diff) return give_up(diff.error(), std::move(report), now);
  auto& changes = diff->changes;
  if (!guard_.allows_removals()) report.removals_held = std::erase_if(changes, removes) > 0;
  std::vector<net::Refusal> refused;
  if (!changes.empty()) {
    auto applied = kernel_.apply(changes);
    if (!applied) return give_up(applied.error(), std::move(report), now);
    refused = std::move(*applied);
  }
  const bool all_made = std::all_of(refused.begin(), refused.end(), [&changes](const auto& each) {
    return is_next_hop_of_others(changes[each.index], each.error);
  });
  const auto retained = diff->retained;
  settle(std::move(*diff), refused, report);
  look_up_all(targets);
  error_.reset();
  if (all_made) {
    backoff_.reset();
    if (sync_.unwanted + retained == 0) retired_.clear();
  } else {
    retry_at_ = now + backoff_.next();
  }
  if (!sync_.lookup_error.empty()) retry_at_ = now + backoff_.next();
  if (report.hops_removed) request_sync(now);  // the next dump shows the state of the key without them
  return report;
}

net::Result<Plan> Reconciler::plan(const LookupTargets& targets) {
  if (!desired_) return Plan{};
  auto diff = diff_with_kernel();
  if (!diff) return net::pass_on(diff);
  Plan plan{.changes = std::exchange(diff->changes, {})};
  plan.removals_held =
      !guard_.allows_removals() && std::any_of(plan.changes.begin(), plan.changes.end(), removes);
  StepReport nothing;
  settle(std::move(*diff), {}, nothing);
  look_up_all(targets);
  return plan;
}

bool Reconciler::still_leads(const LookupTargets& targets) {
  if (state() != SyncState::settled || !sync_.all_in_sync()) return false;
  look_up_all(targets);
  return sync_.all_in_sync();
}

void Reconciler::look_up_all(const LookupTargets& targets) {
  const auto round = rounds_++;
  auto obstructed = look_up(kernel_, desired_->rules, targets.node_cidrs, round, obstructed_, sync_);
  if (sync_.lookup_error.empty()) obstructed_ = std::move(obstructed);
  const auto& other_nodes = targets.other_nodes;
  auto parts = std::exchange(led_away_, {});
  std::erase_if(parts, [&](const net::Prefix& part) {
    return std::find(other_nodes.begin(), other_nodes.end(), part) == other_nodes.end();
  });
  const auto slices = (other_nodes.size() + kPartsLookedUp - 1) / kPartsLookedUp;
  if (slices > 0) {
    const auto slice = other_nodes.subspan(round % slices * kPartsLookedUp);
    const auto end = slice.begin() + static_cast<std::ptrdiff_t>(std::min(slice.size(), kPartsLookedUp));
    parts.insert(parts.end(), slice.begin(), end);
    led_away_ = look_up_parts(kernel_, desired_->rules, parts, sync_);
  }
  look_up_flows(kernel_, desired_->rules, targets.flows, sync_);
}

StepReport Reconciler::give_up(net::Error error, StepReport report, net::MonoTime now) {
  error_ = error;
  report.error = std::move(error);
  retry_at_ = now + backoff_.next();
  return report;
}

/// Parts the attempted changes into those made and the kernel's refusals, and judges what is the case now.
void Reconciler::settle(Diff diff, std::span<const net::Refusal> refused, StepReport& report) {
  Refusals refusals;
  RefusalCursor cursor(refused);
  std::vector<Position> in_place_now;
  auto& drift = diff.drift;
  report.made.reserve(diff.changes.size());
  for (std::size_t i = 0; i < diff.changes.size(); ++i) {
    auto& change = diff.changes[i];
    const auto* route = std::get_if<net::Route>(&change.object);
    if (const auto* error = cursor.refusal_of(i)) {
      if (route == nullptr) continue;
      if (is_next_hop_of_others(change, *error)) {
        if (!index_.at(route->key)) --drift.unwanted;
        continue;
      }
      refusals[route->key] = error->what;
      report.foreign_routes_moved |= error->code.value() == EEXIST;
      continue;
    }
    if (route == nullptr) {
      take_over(drift.rules, change.verb, std::get<net::Rule>(change.object));
    } else if (change.verb == net::Verb::remove && route->multipath && index_.at(route->key)) {
      report.hops_removed = true;
    } else if (change.verb == net::Verb::remove) {
      --drift.unwanted;
    } else {
      const auto position = index_.at(route->key).value_or(0);
      in_place_now.push_back(position);  // ascends, as the changes do
      report.made.push_back(applied(change, position));
      continue;
    }
    report.made.push_back({.change = change});
  }
  std::vector<Position> absent;
  std::set_difference(drift.absent.begin(), drift.absent.end(), in_place_now.begin(), in_place_now.end(),
                      std::back_inserter(absent));
  drift.absent = std::move(absent);
  sync_ = evaluate_sync(*desired_, index_, drift, foreign_routes_, refusals);
  in_place_.assign(index_.routes().size(), true);
  for (const auto& each : sync_.routes.out_of_sync())
    in_place_[each.position] = each.state == RouteState::shadowed;
  removed_by_.clear();
  looked_ = true;
}

}  // namespace routing
