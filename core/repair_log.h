#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/log_event.h"
#include "core/snapshot.h"
#include "net/link.h"
#include "routing/cpu_budget.h"
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

/// Tells the journal what was changed in the kernel: the first change at once, a storm as one line a second.
class RepairLog {
 public:
  static constexpr auto kPause = std::chrono::seconds(1);

  /// `took`: from the notification that told of a loss to its repair; nullopt: nothing told of it.
  void note(std::span<const routing::AppliedChange> made, std::span<const net::Link> links,
            const ProcessNames& processes, std::optional<std::chrono::nanoseconds> took = std::nullopt);
  /// The event that is due, if one is.
  std::optional<LogEvent> event(net::MonoTime now);
  /// When event() will have one; nullopt: nothing is waiting.
  [[nodiscard]] std::optional<net::MonoTime> due() const;

 private:
  std::size_t changed_ = 0;
  std::size_t repaired_ = 0;
  std::string first_;
  std::string first_destination_;
  std::set<std::string> removed_by_;
  std::chrono::nanoseconds longest_{0};
  std::optional<net::MonoTime> last_;
};

}  // namespace core
