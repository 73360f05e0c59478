#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "core/snapshot.h"
#include "net/change.h"
#include "net/link.h"

namespace agent {

/// The last changes that the agent made to routes, for `explain`: a bounded list, oldest first.
class History {
 public:
  static constexpr std::size_t kLength = 64;

  /// `doer`: whose deed was repaired, as far as it is known.
  void note(const std::vector<net::Change>& made, std::span<const net::Link> links,
            const std::string& removed_by, net::WallTime now);
  [[nodiscard]] std::vector<core::RouteChange> list() const { return {changes_.begin(), changes_.end()}; }

 private:
  std::deque<core::RouteChange> changes_;
};

}  // namespace agent
