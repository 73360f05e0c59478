#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/log/event.h"
#include "net/change.h"
#include "net/link.h"
#include "routing/cpu_budget.h"

namespace agent {

/// Tells the journal what was changed in the kernel: the first change at once, a storm as one line a second.
class RepairLog {
 public:
  static constexpr auto kPause = std::chrono::seconds(1);

  /// `doer` is who removed or replaced our routes, as far as it is known.
  void note(const std::vector<net::Change>& made, std::span<const net::Link> links, std::size_t repaired,
            const std::string& removed_by);
  /// The event that is due, if one is.
  std::optional<Event> event(net::MonoTime now);
  /// When event() will have one; nullopt: nothing is waiting.
  [[nodiscard]] std::optional<net::MonoTime> due() const;

 private:
  std::size_t changed_ = 0;
  std::size_t repaired_ = 0;
  std::string first_;
  std::string first_destination_;
  std::string removed_by_;
  std::optional<net::MonoTime> last_;
};

}  // namespace agent
