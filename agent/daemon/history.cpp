#include "agent/daemon/history.h"

#include <algorithm>
#include <span>
#include <variant>

namespace agent {

void History::note(const std::vector<net::Change>& made, std::span<const net::Link> links,
                   const std::string& removed_by, net::WallTime now) {
  // What would fall out again need not come in.
  for (const auto& change : std::span(made).last(std::min(made.size(), kLength))) {
    const auto* route = std::get_if<net::Route>(&change.object);
    if (route == nullptr) continue;
    changes_.push_back({.time = now,
                        .action = std::string(net::verb_name(change.verb)),
                        .route = *route,
                        .device = std::string(net::link_name(links, route->device)),
                        .removed_by = removed_by});
    if (changes_.size() > kLength) changes_.pop_front();
  }
}

}  // namespace agent
