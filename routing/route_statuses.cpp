#include "routing/route_statuses.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace routing {
namespace {

std::vector<net::Route> routes_of(const std::vector<RouteStatus>& statuses) {
  std::vector<net::Route> routes;
  routes.reserve(statuses.size());
  for (const auto& each : statuses) routes.push_back(each.route);
  return routes;
}

std::vector<OutOfSyncRoute> exceptions_of(const std::vector<RouteStatus>& statuses) {
  std::vector<OutOfSyncRoute> exceptions;
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i].state == RouteState::in_sync) continue;
    exceptions.push_back({.position = static_cast<std::uint32_t>(i),
                          .state = statuses[i].state,
                          .error = statuses[i].error,
                          .led_away = statuses[i].led_away});
  }
  return exceptions;
}

}  // namespace

RouteStatuses::RouteStatuses(const std::vector<RouteStatus>& statuses)
    : RouteStatuses(routes_of(statuses), exceptions_of(statuses)) {
  for (const auto& each : statuses) {
    if (!knows(each.route.device)) devices_.emplace_back(each.route.device, each.device);
  }
}

std::vector<RouteStatus> RouteStatuses::list() const {
  std::vector<RouteStatus> statuses;
  for (const auto& each : *this) statuses.push_back(each);
  return statuses;
}

bool RouteStatuses::knows(std::uint32_t device) const {
  return std::any_of(devices_.begin(), devices_.end(),
                     [device](const auto& each) { return each.first == device; });
}

RouteStatus RouteStatuses::at(std::size_t position) const {
  RouteStatus status{.route = routes_.at(position), .device = "", .state = RouteState::in_sync, .error = ""};
  const auto exception =
      std::lower_bound(exceptions_.begin(), exceptions_.end(), position,
                       [](const OutOfSyncRoute& each, std::size_t wanted) { return each.position < wanted; });
  if (exception != exceptions_.end() && exception->position == position) {
    status.state = exception->state;
    status.error = exception->error;
    status.led_away = exception->led_away;
  }
  const auto device = std::find_if(devices_.begin(), devices_.end(),
                                   [&](const auto& each) { return each.first == status.route.device; });
  if (device != devices_.end()) status.device = device->second;
  return status;
}

std::size_t RouteStatuses::count(RouteState state) const {
  if (state == RouteState::in_sync) return size() - exceptions_.size();
  return static_cast<std::size_t>(std::count_if(exceptions_.begin(), exceptions_.end(),
                                                [state](const auto& each) { return each.state == state; }));
}

std::optional<RouteStatus> RouteStatuses::first(RouteState state) const {
  const auto found = std::find_if(exceptions_.begin(), exceptions_.end(),
                                  [state](const OutOfSyncRoute& each) { return each.state == state; });
  if (found == exceptions_.end()) return std::nullopt;
  return at(found->position);
}

std::optional<RouteStatus> RouteStatuses::first_detour() const {
  const auto found = std::find_if(exceptions_.begin(), exceptions_.end(), [](const OutOfSyncRoute& each) {
    return each.state == RouteState::shadowed && each.detours;
  });
  if (found == exceptions_.end()) return std::nullopt;
  return at(found->position);
}

void RouteStatuses::add(std::vector<OutOfSyncRoute> exceptions) {
  if (exceptions.empty()) return;
  auto all = exceptions_.list();
  const auto before = static_cast<std::ptrdiff_t>(all.size());
  std::move(exceptions.begin(), exceptions.end(), std::back_inserter(all));
  std::inplace_merge(
      all.begin(), all.begin() + before, all.end(),
      [](const OutOfSyncRoute& a, const OutOfSyncRoute& b) { return a.position < b.position; });
  exceptions_ = std::move(all);
}

void RouteStatuses::name_devices(std::span<const net::Link> links) {
  devices_.clear();
  auto last = std::uint32_t{0};
  for (const auto& route : routes_) {
    if (route.device == last) continue;  // nearly all leave by the NIC
    last = route.device;
    const auto link = std::find_if(links.begin(), links.end(),
                                   [last](const net::Link& each) { return each.index == last; });
    if (link != links.end() && !knows(last)) devices_.emplace_back(last, link->name);
  }
}

}  // namespace routing
