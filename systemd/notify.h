#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "net/error.h"

namespace systemd {

/// Tells the service manager about this process by sd_notify(3). Without NOTIFY_SOCKET in the environment
/// (started by hand, by Kubernetes) every call succeeds and does nothing.
///
/// No call waits for the manager. What it has no room for now (EAGAIN) is kept, the newest of each kind, and
/// sent before the next message; any other Error means that the message is lost.
class Notifier {
 public:
  /// True when NOTIFY_SOCKET is set.
  [[nodiscard]] static bool attached();

  /// Start-up or a reload is complete: READY=1.
  net::Result<void> ready();

  /// One line for `systemctl status`; control characters become spaces.
  net::Result<void> status(std::string_view text);

  /// Shutdown has begun: STOPPING=1.
  net::Result<void> stopping();

  /// The configuration is being re-read; ready() must follow. Carries MONOTONIC_USEC, without which systemd
  /// 253 does not take the message from a Type=notify-reload service.
  net::Result<void> reloading();

  /// Alive: WATCHDOG=1.
  net::Result<void> watchdog();

  /// Start-up or shutdown needs that much longer from now: EXTEND_TIMEOUT_USEC.
  net::Result<void> extend_timeout(std::chrono::microseconds longer);

  /// How often watchdog() is due: half of WatchdogSec, as sd_watchdog_enabled(3) advises. Absent when the
  /// manager watches nobody, or another process (WATCHDOG_PID).
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const;

  /// True while messages are kept: say something again soon.
  [[nodiscard]] bool waiting() const { return !kept_.empty(); }

 private:
  net::Result<void> say(std::string assignments);

  std::deque<std::string> kept_;
};

}  // namespace systemd
