#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/log_event.h"
#include "core/snapshot.h"

namespace core {

/// How far the start of this process is.
enum class Phase : std::uint8_t {
  starting,
  started,  ///< just now
  running,
};

/// A node that boots has no address, no IMDS and no CNI file yet, and is healthy: until it is ready for the
/// first time, for a while at the most, nothing has failed.
class StartUp {
 public:
  /// DHCP and IMDS of a healthy VM take less.
  static constexpr auto kPatience = std::chrono::seconds(30);

  /// `starting` at first, then `started` once, then `running`.
  Phase phase(bool ready, net::MonoTime now);

 private:
  std::optional<net::MonoTime> begun_;
  bool over_ = false;
};

/// What changed between two snapshots that a person at night wants to read: each change once, never a repeat.
/// While it starts, a gate is waited for and other checks are silent; all that fails when it has started is
/// told then.
std::vector<LogEvent> transitions(const Snapshot& before, const Snapshot& after,
                                  Phase phase = Phase::running);

/// READY=1 is sent though some gates fail: all that does needs the kubelet, which may wait for READY=1.
LogEvent kubelet_may_start(const Snapshot& snapshot);

}  // namespace core
