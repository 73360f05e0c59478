#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

#include "net/time.h"

namespace agent {

/// When the main loop last turned: stamped by it, read by the HTTP thread for /livez, and for /readyz and
/// /healthz, whose snapshot is that loop's: where nothing restarts a loop that hangs (no WatchdogSec, no
/// livenessProbe) its last snapshot must not count for ever. Lock-free. The loop must
/// beat well within kPatience even when nothing happens (its watchdog timer does).
class Heartbeat {
 public:
  /// How long a loop may be silent and count as alive. Calico went from 20 s to 90 s after "many more false
  /// positives than genuine hangs" (https://github.com/projectcalico/calico/pull/5484). A loop with nothing
  /// to do beats every 70 s (agent/daemon/loop.cpp), so less would fail a healthy node; readiness goes no
  /// sooner than liveness, for a loop that is merely slow has its routes in the kernel.
  static constexpr std::chrono::seconds kPatience{90};

  /// Construction counts as the first beat.
  explicit Heartbeat(net::MonoTime born = std::chrono::steady_clock::now()) { beat(born); }

  void beat(net::MonoTime now) { last_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }
  [[nodiscard]] bool alive(net::MonoTime now) const { return now - last() < kPatience; }
  /// Since the last beat; never negative.
  [[nodiscard]] std::chrono::seconds silence(net::MonoTime now) const {
    return std::max(std::chrono::seconds{0}, std::chrono::duration_cast<std::chrono::seconds>(now - last()));
  }

 private:
  [[nodiscard]] net::MonoTime last() const {
    return net::MonoTime(net::MonoTime::duration(last_.load(std::memory_order_relaxed)));
  }

  std::atomic<net::MonoTime::rep> last_{};
};

}  // namespace agent
