#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "net/route_watch.h"

namespace netlink {

/// So many destinations are told apart in the kernel. Of more, those of the commonest lengths are not: every
/// route of such a length comes through. A classic filter has 4,096 instructions at most (BPF_MAXINSNS).
inline constexpr std::size_t kDestinationsInFilter = 128;

/// A classic socket filter for NETLINK_ROUTE notifications, one message each. Drops what `own_port` has
/// done, entries of the route cache, and foreign routes that `filter` does not name; without one no other
/// routes. Everything that is not about a route comes through.
std::vector<sock_filter> watch_filter(std::uint32_t own_port,
                                      const std::optional<net::NotificationFilter>& filter);

}  // namespace netlink
