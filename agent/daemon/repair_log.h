#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/core/pace.h"
#include "agent/log/event.h"
#include "net/change.h"
#include "net/link.h"

namespace agent {

/// Tells the journal what was changed in the kernel: the first change at once, a storm as one line a second.
class RepairLog {
 public:
  static constexpr auto kPause = std::chrono::seconds(1);

  /// `doer` is who removed or replaced our routes, as far as it is known.
  void note(const std::vector<net::Change>& made, std::span<const net::Link> links, std::size_t repaired,
            const std::string& doer);
  /// The event that is due, if one is.
  std::optional<Event> event(MonoTime now);
  /// When event() will have one; nullopt: nothing is waiting.
  [[nodiscard]] std::optional<MonoTime> due() const;

 private:
  std::size_t changed_ = 0;
  std::size_t repaired_ = 0;
  std::string first_;
  std::string first_destination_;
  std::string doer_;
  std::optional<MonoTime> last_;
};

}  // namespace agent
