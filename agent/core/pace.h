#pragma once

#include <algorithm>
#include <chrono>

#include "agent/core/snapshot.h"

namespace agent {

/// Bounds what repairing may cost under a storm of hints, without delaying the first repairs: a bucket of
/// processor time, refilled at a tenth of real time. While it holds something a step is due at once; an empty
/// one delays the next step, but never longer than kLongestWait, so a storm costs about a tenth of a core.
class Pace {
 public:
  using Duration = std::chrono::steady_clock::duration;
  static constexpr Duration kCapacity = std::chrono::milliseconds(50);
  static constexpr Duration kLongestWait = std::chrono::milliseconds(250);
  static constexpr int kRefill = 10;  ///< one part in ten

  /// When a step that was first asked for at `asked` may run.
  [[nodiscard]] MonoTime due(MonoTime asked) const {
    if (credit_ > Duration::zero()) return asked;
    const auto refilled = as_of_ + (-credit_ + Duration(1)) * kRefill;
    return std::clamp(refilled, asked, asked + kLongestWait);
  }

  /// A step that ended at `now` took `cost`.
  void spent(MonoTime now, Duration cost) {
    const auto refill = now > as_of_ ? (now - as_of_) / kRefill : Duration::zero();
    credit_ = std::min(credit_ + refill, kCapacity) - cost;
    // A single slow step must not be paid for longer than the longest wait.
    credit_ = std::max(credit_, -kLongestWait / kRefill);
    as_of_ = now;
  }

 private:
  MonoTime as_of_{};
  Duration credit_ = kCapacity;
};

}  // namespace agent
