#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/log_event.h"
#include "core/snapshot.h"
#include "core/transitions.h"
#include "routing/cpu_budget.h"

namespace core {

/// Tells the journal how a node gets from state to state: the first changes at once, then once a second at
/// most the difference from what was logged last, and how many changes were left out. Somebody who
/// replaces our routes again and again makes hundreds of them in a second.
class TransitionLog {
 public:
  static constexpr std::size_t kAtOnce = 20;
  static constexpr auto kPause = std::chrono::seconds(1);

  /// What to log now that the node is as `now_is`. Nothing is left out while it starts.
  std::vector<LogEvent> see(std::shared_ptr<const Snapshot> now_is, Phase phase, net::MonoTime now);
  /// When see() has something to log though nothing changes; nullopt: nothing was left out.
  [[nodiscard]] std::optional<net::MonoTime> due() const;

 private:
  bool may_speak(net::MonoTime now);

  std::shared_ptr<const Snapshot> told_ = std::make_shared<const Snapshot>();
  std::shared_ptr<const Snapshot> seen_ = told_;
  std::size_t rate_limiter_ = kAtOnce;
  net::MonoTime allowed_at_{};
  std::size_t passed_over_ = 0;
};

}  // namespace core
