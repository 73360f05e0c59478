#include "core/azure_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "net/foreign_text.h"

namespace core {
namespace {

/// More changes of one route table than a person reads.
constexpr std::size_t kRoutesNamed = 5;
constexpr std::size_t kLongestName = 200;

std::string shown(std::string_view foreign) { return net::foreign_text(foreign, kLongestName); }

LogEvent azure_event(std::string message) {
  return {.kind = EventKind::azure_changed, .message = std::move(message)};
}

std::string table_text(const std::optional<observed::AzureRouteTable>& table) {
  return table ? shown(table->id) : "none";
}

std::string route_text(const observed::AzureRoute& route) {
  return fmt::format("{} by {}{}", shown(route.destination), shown(route.next_hop_type),
                     route.next_hop ? " " + route.next_hop->text() : "");
}

void compare_routes(const observed::AzureRouteTable& before, const observed::AzureRouteTable& after,
                    std::vector<LogEvent>& events) {
  const auto by_name = [](const auto& routes, const std::string& name) {
    return std::find_if(routes.begin(), routes.end(), [&](const auto& route) { return route.name == name; });
  };
  std::vector<std::string> changes;
  for (const auto& route : before.routes) {
    if (by_name(after.routes, route.name) == after.routes.end())
      changes.push_back(fmt::format("{} removed ({})", shown(route.name), route_text(route)));
  }
  for (const auto& route : after.routes) {
    const auto old = by_name(before.routes, route.name);
    if (old == before.routes.end()) {
      changes.push_back(fmt::format("{} added ({})", shown(route.name), route_text(route)));
    } else if (old->destination != route.destination || old->next_hop != route.next_hop ||
               old->next_hop_type != route.next_hop_type) {
      changes.push_back(
          fmt::format("{} altered ({}, it was {})", shown(route.name), route_text(route), route_text(*old)));
    }
  }
  for (std::size_t i = 0; i < std::min(changes.size(), kRoutesNamed); ++i)
    events.push_back(azure_event(fmt::format("Azure: route {}", changes[i])));
  if (changes.size() > kRoutesNamed) {
    events.push_back(azure_event(fmt::format("Azure: and {} more changes of route table {}",
                                             changes.size() - kRoutesNamed, shown(after.id))));
  }
}

}  // namespace

std::vector<LogEvent> azure_changes(const observed::AzureNetwork& before,
                                    const observed::AzureNetwork& after) {
  std::vector<LogEvent> events;
  if (before.nic && after.nic && before.nic->ip_forwarding != after.nic->ip_forwarding) {
    events.push_back(azure_event(fmt::format("Azure: IP forwarding of NIC {} was switched {}",
                                             shown(after.nic->id), after.nic->ip_forwarding ? "on" : "off")));
  }
  if (!before.route_table || !after.route_table) return events;
  const auto& old = *before.route_table;
  const auto& table = *after.route_table;
  if (table_text(old) != table_text(table)) {
    events.push_back(azure_event(fmt::format("Azure: route table of the subnet is {}, it was {}",
                                             table_text(table), table_text(old))));
  } else if (old && table) {
    compare_routes(*old, *table, events);
  }
  return events;
}

observed::AzureNetwork last_known(const observed::AzureNetwork& before, observed::AzureNetwork seen) {
  if (!seen.nic) seen.nic = before.nic;
  if (!seen.route_table) seen.route_table = before.route_table;
  return seen;
}

}  // namespace core
