#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "net/error.h"

namespace systemd {

/// Tells the service manager about this process by sd_notify(3). Without NOTIFY_SOCKET in the environment
/// (started by hand, by Kubernetes) every call succeeds and does nothing. An Error means that the datagram
/// could not be sent; nothing is retried. No call blocks for longer than the manager's socket is full.
class Notifier {
 public:
  /// True when somebody listens: NOTIFY_SOCKET is set.
  [[nodiscard]] static bool attached();

  /// Start-up or a reload is complete: READY=1.
  net::Result<void> ready() const;

  /// One line for `systemctl status`; control characters become spaces.
  net::Result<void> status(std::string_view text) const;

  /// Shutdown has begun: STOPPING=1.
  net::Result<void> stopping() const;

  /// The configuration is being re-read; ready() must follow. Carries MONOTONIC_USEC, without which systemd
  /// 253 does not take the message from a Type=notify-reload service.
  net::Result<void> reloading() const;

  /// Alive: WATCHDOG=1.
  net::Result<void> watchdog() const;

  /// Start-up or shutdown needs that much longer from now: EXTEND_TIMEOUT_USEC.
  net::Result<void> extend_timeout(std::chrono::microseconds longer) const;

  /// How often watchdog() is due: half of WatchdogSec, as sd_watchdog_enabled(3) advises. Absent when the
  /// manager watches nobody, or another process (WATCHDOG_PID).
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const;
};

}  // namespace systemd
