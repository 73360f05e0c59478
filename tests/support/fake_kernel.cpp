#include "tests/support/fake_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace test_support {
namespace {

tl::unexpected<net::Error> failed(int error, std::string_view what) {
  return net::failure(error, fmt::format("{}: {}", what, std::system_category().message(error)));
}

/// What the kernel answers a lookup that ends at the route; 0 = the route itself.
int dropped_with(net::RouteType type) {
  switch (type) {
    case net::RouteType::blackhole:
      return EINVAL;
    case net::RouteType::unreachable:
      return EHOSTUNREACH;
    case net::RouteType::prohibit:
      return EACCES;
    default:
      return 0;
  }
}

std::string change_text(const net::Change& change) {
  const auto* route = std::get_if<net::Route>(&change.object);
  return route != nullptr ? "route " + net::route_text(*route) : std::string("rule");
}

}  // namespace

std::optional<net::Error> FakeKernel::enter(Call call) {
  ++calls_[call];
  const auto failure = failures_.find(call);
  if (failure == failures_.end() || failure->second.second == 0) return std::nullopt;
  --failure->second.second;
  return failed(failure->second.first, "planned failure").value();
}

net::Result<std::vector<net::Link>> FakeKernel::links() {
  if (auto error = enter(Call::links)) return tl::unexpected(*error);
  return links_;
}

net::Result<void> FakeKernel::take_routes(std::uint8_t protocol, std::uint32_t table,
                                          net::RouteVisitor& sink) {
  if (auto error = enter(Call::routes)) return tl::unexpected(*error);
  auto routes = fib_.shown();
  std::erase_if(routes, [protocol, table](const net::Route& each) {
    return each.protocol != protocol || (table != 0 && each.key.table != table);
  });
  sink.begin();
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (i == routes.size() / 2) {
      if (const auto change = std::exchange(halfway_, nullptr)) change();
      between_parts();
    }
    const auto now = fib_.shown();
    if (std::find(now.begin(), now.end(), routes[i]) != now.end()) sink.take(routes[i]);
  }
  if (const auto change = std::exchange(last_, nullptr)) change();
  between_parts();
  sink.end();
  if (const auto deed = std::exchange(after_dump_, nullptr)) deed();
  return {};
}

net::Result<std::vector<net::Route>> FakeKernel::routes_to(std::uint32_t table,
                                                           std::span<const net::Prefix> destinations) {
  if (auto error = enter(Call::routes_to)) return tl::unexpected(*error);
  auto routes = fib_.shown();
  std::erase_if(routes, [table, destinations](const net::Route& each) {
    return each.key.table != table ||
           std::find(destinations.begin(), destinations.end(), each.key.destination) == destinations.end();
  });
  return routes;
}

net::Result<std::vector<net::Rule>> FakeKernel::rules(std::uint8_t protocol) {
  if (auto error = enter(Call::rules)) return tl::unexpected(*error);
  auto rules = rules_;
  std::erase_if(rules, [protocol](const net::Rule& each) { return each.protocol != protocol; });
  return rules;
}

/// Local, then what rules for everything or for the packet's source name, by priority, then main.
std::vector<std::uint32_t> FakeKernel::tables_for(const net::Flow& flow) const {
  auto rules = rules_;
  std::erase_if(rules, [&flow](const net::Rule& each) {
    return each.source != net::Prefix::any(flow.to.family()) &&
           (!flow.from || !each.source.contains(*flow.from));
  });
  std::stable_sort(rules.begin(), rules.end(),
                   [](const auto& a, const auto& b) { return a.priority < b.priority; });
  std::vector<std::uint32_t> tables = {255};
  for (const auto& rule : rules) tables.push_back(rule.table);
  tables.push_back(254);
  return tables;
}

std::vector<net::Result<net::Route>> FakeKernel::lookups(std::span<const net::Flow> flows) {
  std::vector<net::Result<net::Route>> answers;
  for (const auto& each : flows) answers.push_back(look_up(each));
  return answers;
}

net::Result<net::Route> FakeKernel::look_up(const net::Flow& flow) {
  const auto& destination = flow.to;
  if (auto error = enter(Call::lookup)) return tl::unexpected(*error);
  const auto what = "route to " + destination.text();
  for (const auto table : tables_for(flow)) {
    auto route = fib_.best(destination, table);
    if (!route || route->type == net::RouteType::throw_on) continue;
    if (const int error = dropped_with(route->type); error != 0) return failed(error, what);
    return *route;
  }
  return failed(ENETUNREACH, what);
}

Verdict FakeKernel::make(const net::Change& change) {
  if (const auto planned = refusals_.find(changes_seen_++); planned != refusals_.end()) {
    return {.error = planned->second.error, .words = planned->second.words};
  }
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
    if (change.verb == net::Verb::replace) return {.error = EINVAL, .words = "rules cannot be replaced"};
    return change.verb == net::Verb::add ? insert(*rule) : remove(*rule);
  }
  const auto& route = std::get<net::Route>(change.object);
  if (change.verb == net::Verb::remove) return fib_.remove(route);
  if (route.extra_attributes) return {.error = EINVAL, .words = "no message says this"};
  return insert(route, change.verb == net::Verb::add ? Meeting::add : Meeting::replace);
}

net::Result<std::vector<net::Refusal>> FakeKernel::apply(std::span<const net::Change> changes) {
  if (auto error = enter(Call::apply)) return tl::unexpected(*error);
  if (const auto change = std::exchange(before_apply_, nullptr)) change();
  batches_.emplace_back(changes.begin(), changes.end());
  const auto lost = std::exchange(lost_, Lost::nothing);
  const auto count = lost == Lost::half ? changes.size() / 2 : changes.size();
  std::vector<net::Refusal> refusals;
  for (std::size_t i = 0; i < count; ++i) {
    const auto verdict = make(changes[i]);
    if (verdict.error == 0) continue;
    refusals.push_back({.index = i,
                        .error = {{verdict.error, std::system_category()},
                                  fmt::format("{}: {}", change_text(changes[i]), verdict.words)}});
  }
  if (lost != Lost::nothing) return failed(ENOBUFS, "the outcome of a batch is unknown");
  return refusals;
}

void FakeKernel::fail_next(Call call, int error, int times) { failures_[call] = {error, times}; }

void FakeKernel::refuse_change(std::size_t n, int error, std::string words) {
  refusals_[changes_seen_ + n] = {.error = error, .words = std::move(words)};
}

std::size_t FakeKernel::calls(Call call) const {
  const auto found = calls_.find(call);
  return found == calls_.end() ? 0 : found->second;
}

}  // namespace test_support
