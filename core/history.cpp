#include "core/history.h"

#include <algorithm>
#include <span>
#include <variant>

namespace core {

std::string name_of(std::uint32_t port, const ProcessNames& processes) {
  const auto found = processes.find(port);
  return found == processes.end() ? std::string() : found->second;
}

void History::note(std::span<const routing::AppliedChange> made, std::span<const net::Link> links,
                   const ProcessNames& processes, net::WallTime now) {
  // What would fall out again need not come in.
  for (const auto& [change, repaired, port] : made.last(std::min(made.size(), kLength))) {
    const auto* route = std::get_if<net::Route>(&change.object);
    if (route == nullptr) continue;
    changes_.push_back({.time = now,
                        .action = std::string(net::verb_name(change.verb)),
                        .route = *route,
                        .device = std::string(net::link_name(links, route->device)),
                        .removed_by = repaired ? name_of(port, processes) : ""});
    if (changes_.size() > kLength) changes_.pop_front();
  }
}

}  // namespace core
