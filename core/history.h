#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/snapshot.h"
#include "net/link.h"
#include "routing/reconciler.h"

namespace core {

/// By netlink port (routing::AppliedChange::removed_by), for people.
using ProcessNames = std::map<std::uint32_t, std::string>;

/// Empty where it is not known.
std::string name_of(std::uint32_t port, const ProcessNames& processes);

/// The last changes that the agent made to routes, for `explain`: a bounded list, oldest first.
class History {
 public:
  static constexpr std::size_t kLength = 64;

  void note(std::span<const routing::AppliedChange> made, std::span<const net::Link> links,
            const ProcessNames& processes, net::WallTime now);
  [[nodiscard]] std::vector<RouteChange> list() const { return {changes_.begin(), changes_.end()}; }

 private:
  std::deque<RouteChange> changes_;
};

}  // namespace core
