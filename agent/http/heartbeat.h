#pragma once

#include <atomic>
#include <chrono>

#include "agent/core/snapshot.h"

namespace agent {

/// When the main loop last turned: stamped by it, read by /livez on the HTTP thread. Lock-free. The loop must
/// beat well within kPatience even when nothing happens (its watchdog timer does).
class Heartbeat {
 public:
  /// How long a loop may be silent and count as alive. Calico went from 20 s to 90 s after "many more false
  /// positives than genuine hangs" (https://github.com/projectcalico/calico/pull/5484).
  static constexpr std::chrono::seconds kPatience{90};

  /// Being made counts as the first beat.
  explicit Heartbeat(MonoTime born = std::chrono::steady_clock::now());

  void beat(MonoTime now);
  [[nodiscard]] bool alive(MonoTime now) const;
  /// Since the last beat; never negative.
  [[nodiscard]] std::chrono::seconds silence(MonoTime now) const;

 private:
  std::atomic<MonoTime::rep> last_;
};

}  // namespace agent
