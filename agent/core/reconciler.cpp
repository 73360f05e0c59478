#include "agent/core/reconciler.h"

#include <algorithm>
#include <utility>

namespace agent {
namespace {

/// What the kernel holds after the accepted changes, without asking it again: every notification about it
/// would be our own echo. The next hint or audit looks for real.
void take_over(Actual& actual, const net::Change& change) {
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
    if (change.verb == net::Verb::add) {
      actual.rules.push_back(*rule);
    } else {
      std::erase(actual.rules, *rule);
    }
    return;
  }
  const auto& route = std::get<net::Route>(change.object);
  if (change.verb == net::Verb::replace) {
    std::erase_if(actual.routes, [&route](const net::Route& each) { return each.key == route.key; });
  }
  if (change.verb == net::Verb::remove) {
    std::erase(actual.routes, route);
  } else {
    actual.routes.push_back(route);
  }
}

}  // namespace

void Reconciler::want(Desired desired, std::uint8_t protocol, const Basis& basis, MonoTime now) {
  guard_.want(desired, basis);
  const bool same = desired_ && *desired_ == desired && protocol_ == protocol;
  const bool held = standing_.unwanted > 0;  // a second reading may have freed the removals
  if (desired_ && protocol_ != protocol) retired_.push_back(protocol_);
  std::erase(retired_, protocol);
  desired_ = std::move(desired);
  protocol_ = protocol;
  if (!same || held) hint(now);
}

std::vector<std::uint8_t> Reconciler::owned(std::uint8_t next) const {
  auto protocols = retired_;
  protocols.push_back(next);
  if (desired_ && protocol_ != next) protocols.push_back(protocol_);
  return protocols;
}

void Reconciler::let_go() {
  desired_.reset();
  standing_ = {};
  was_in_sync_.clear();
  error_.reset();
  looked_ = false;
}

void Reconciler::know_strangers(std::vector<net::Route> strangers, MonoTime now) {
  if (strangers == strangers_) return;
  strangers_ = std::move(strangers);
  hint(now);
}

void Reconciler::hint(MonoTime now) {
  if (!asked_) asked_ = now;
}

std::optional<MonoTime> Reconciler::due() const {
  std::optional<MonoTime> next = retry_;
  if (asked_) {
    const auto due = pace_.due(*asked_);
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

net::Result<Actual> Reconciler::look() {
  Actual actual;
  for (const auto protocol : owned(protocol_)) {
    const auto routes = kernel_.routes(protocol);
    if (!routes) return net::pass_on(routes);
    const auto rules = kernel_.rules(protocol);
    if (!rules) return net::pass_on(rules);
    actual.routes.insert(actual.routes.end(), routes->begin(), routes->end());
    actual.rules.insert(actual.rules.end(), rules->begin(), rules->end());
  }
  return actual;
}

StepReport Reconciler::step(MonoTime now) {
  StepReport report;
  asked_.reset();
  retry_.reset();
  if (!desired_) return report;

  auto actual = look();
  if (!actual) return give_up(actual.error(), std::move(report), now);

  auto difference = diff(*desired_, *actual, occupied_keys(*desired_, strangers_));
  if (difference.route_removals > 0 && !guard_.allows(difference.route_removals, actual->routes.size())) {
    report.removals_held = true;
    std::erase_if(difference.changes,
                  [](const net::Change& change) { return change.verb == net::Verb::remove; });
  }
  report.attempted = std::move(difference.changes);
  if (!report.attempted.empty()) {
    auto refused = kernel_.apply(report.attempted);
    if (!refused) return give_up(refused.error(), std::move(report), now);
    report.refused = std::move(*refused);
  }
  const auto refusals = sort_out(report, *actual);
  settle(*actual, report, refusals);
  error_.reset();
  if (report.refused.empty()) {
    backoff_.reset();
    if (standing_.unwanted == 0) retired_.clear();
  } else {
    retry_ = now + backoff_.next();
  }
  return report;
}

StepReport Reconciler::give_up(net::Error error, StepReport report, MonoTime now) {
  error_ = error;
  report.error = std::move(error);
  retry_ = now + backoff_.next();
  return report;
}

/// Parts the attempted changes into those made (taken over into `actual`) and the kernel's refusals.
Refusals Reconciler::sort_out(StepReport& report, Actual& actual) const {
  Refusals refusals;
  auto refusal = report.refused.begin();
  for (std::size_t i = 0; i < report.attempted.size(); ++i) {
    const auto& change = report.attempted[i];
    if (refusal == report.refused.end() || refusal->index != i) {
      take_over(actual, change);
      report.made.push_back(change);
      continue;
    }
    if (const auto* route = std::get_if<net::Route>(&change.object)) {
      refusals[route->key] = refusal->error.what;
      report.strangers_moved |= refusal->error.code.value() == EEXIST;
    }
    ++refusal;
  }
  return refusals;
}

void Reconciler::settle(const Actual& actual, StepReport& report, const Refusals& refusals) {
  for (const auto& change : report.made) {
    const auto* route = std::get_if<net::Route>(&change.object);
    if (route != nullptr && change.verb != net::Verb::remove && was_in_sync_.contains(route->key))
      ++report.repaired;
  }
  standing_ = stand(*desired_, actual, strangers_, refusals);
  was_in_sync_.clear();
  for (const auto& status : standing_.routes) {
    if (status.state == RouteState::in_sync || status.state == RouteState::shadowed) {
      was_in_sync_.insert(status.route.key);
    }
  }
  looked_ = true;
}

}  // namespace agent
