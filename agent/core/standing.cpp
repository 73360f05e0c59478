#include "agent/core/standing.h"

#include <fmt/format.h>

#include <algorithm>

namespace agent {
namespace {

bool leads_the_same_way(const net::Route& a, const net::Route& b) {
  return a.type == b.type && a.gateway == b.gateway && a.device == b.device && !a.multipath && !b.multipath;
}

/// The stranger for people: protocol and next hop tell it; an interface index would not.
std::string owner_of(net::Route stranger) {
  stranger.device = 0;
  return net::route_text(stranger);
}

/// The judgement on a wanted route that strangers have something to say about, if they have.
void judge_strangers(RouteStatus& status, std::span<const net::Route> strangers) {
  const auto& key = status.route.key;
  for (const auto& stranger : strangers) {
    if (stranger.key.destination != key.destination || stranger.key.table != key.table) continue;
    if (stranger.key == key && status.state != RouteState::in_sync) {
      const bool same = leads_the_same_way(stranger, status.route);
      status.state = same ? RouteState::shadowed : RouteState::failed;
      status.error =
          fmt::format("{} holds the place{}", owner_of(stranger), same ? " and leads the same way" : "");
      return;
    }
    if (stranger.key.metric < key.metric && key.metric != kSinkMetric &&
        status.state == RouteState::in_sync) {
      status.state = RouteState::shadowed;
      status.error = fmt::format("{} has the lower metric and wins", owner_of(stranger));
    }
  }
}

}  // namespace

bool Standing::settled() const {
  return rule_problems.empty() && std::all_of(routes.begin(), routes.end(), [](const RouteStatus& route) {
           return route.state == RouteState::in_sync || route.state == RouteState::shadowed;
         });
}

Standing stand(const Desired& desired, const Actual& actual, std::span<const net::Route> strangers,
               const Refusals& refusals) {
  Standing standing;
  std::map<net::RouteKey, const net::Route*> present;
  for (const auto& route : actual.routes) present.emplace(route.key, &route);
  std::size_t wanted_and_present = 0;
  for (const auto& route : desired.routes) {
    RouteStatus status{.route = route, .device = "", .state = RouteState::pending, .error = ""};
    const auto found = present.find(route.key);
    if (found != present.end()) ++wanted_and_present;
    const auto refused = refusals.find(route.key);
    if (found != present.end() && *found->second == route) {
      status.state = RouteState::in_sync;
    } else if (refused != refusals.end()) {
      status.state = RouteState::failed;
      status.error = refused->second;
    }
    judge_strangers(status, strangers);
    standing.routes.push_back(std::move(status));
  }
  for (const auto& rule : desired.rules) {
    if (std::find(actual.rules.begin(), actual.rules.end(), rule) == actual.rules.end()) {
      standing.rule_problems.push_back(
          fmt::format("rule from {} lookup {} is missing", rule.source.text(), rule.table));
    }
  }
  standing.unwanted = actual.routes.size() - wanted_and_present;
  return standing;
}

void name_devices(std::vector<RouteStatus>& routes, std::span<const net::Link> links) {
  for (auto& status : routes) {
    const auto link = std::find_if(links.begin(), links.end(),
                                   [&](const net::Link& each) { return each.index == status.route.device; });
    status.device = link == links.end() ? "" : link->name;
  }
}

std::vector<net::RouteKey> occupied_keys(const Desired& desired, std::span<const net::Route> strangers) {
  std::vector<net::RouteKey> keys;
  for (const auto& route : desired.routes) {
    if (std::any_of(strangers.begin(), strangers.end(),
                    [&route](const net::Route& stranger) { return stranger.key == route.key; })) {
      keys.push_back(route.key);
    }
  }
  return keys;
}

}  // namespace agent
