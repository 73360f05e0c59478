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

std::vector<OutOfSyncRoute> out_of_sync_among(const std::vector<RouteStatus>& statuses) {
  std::vector<OutOfSyncRoute> out_of_sync;
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i].state == RouteState::in_sync) continue;
    out_of_sync.push_back({.position = static_cast<std::uint32_t>(i),
                           .state = statuses[i].state,
                           .error = statuses[i].error,
                           .led_away = statuses[i].led_away});
  }
  return out_of_sync;
}

}  // namespace

RouteStatuses::RouteStatuses(const std::vector<RouteStatus>& statuses)
    : RouteStatuses(routes_of(statuses), out_of_sync_among(statuses)) {
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
  const auto found =
      std::lower_bound(out_of_sync_.begin(), out_of_sync_.end(), position,
                       [](const OutOfSyncRoute& each, std::size_t wanted) { return each.position < wanted; });
  if (found != out_of_sync_.end() && found->position == position) {
    status.state = found->state;
    status.error = found->error;
    status.led_away = found->led_away;
  }
  const auto device = std::find_if(devices_.begin(), devices_.end(),
                                   [&](const auto& each) { return each.first == status.route.device; });
  if (device != devices_.end()) status.device = device->second;
  return status;
}

std::size_t RouteStatuses::count(RouteState state) const {
  if (state == RouteState::in_sync) return size() - out_of_sync_.size();
  return static_cast<std::size_t>(std::count_if(out_of_sync_.begin(), out_of_sync_.end(),
                                                [state](const auto& each) { return each.state == state; }));
}

std::optional<RouteStatus> RouteStatuses::first(RouteState state) const {
  const auto found = std::find_if(out_of_sync_.begin(), out_of_sync_.end(),
                                  [state](const OutOfSyncRoute& each) { return each.state == state; });
  if (found == out_of_sync_.end()) return std::nullopt;
  return at(found->position);
}

std::optional<RouteStatus> RouteStatuses::first_detour() const {
  const auto found = std::find_if(out_of_sync_.begin(), out_of_sync_.end(), [](const OutOfSyncRoute& each) {
    return each.state == RouteState::shadowed && each.detours;
  });
  if (found == out_of_sync_.end()) return std::nullopt;
  return at(found->position);
}

void RouteStatuses::add(std::vector<OutOfSyncRoute> out_of_sync) {
  if (out_of_sync.empty()) return;
  auto all = out_of_sync_.list();
  const auto before = static_cast<std::ptrdiff_t>(all.size());
  std::move(out_of_sync.begin(), out_of_sync.end(), std::back_inserter(all));
  std::inplace_merge(
      all.begin(), all.begin() + before, all.end(),
      [](const OutOfSyncRoute& a, const OutOfSyncRoute& b) { return a.position < b.position; });
  out_of_sync_ = std::move(all);
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
