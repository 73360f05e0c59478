#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "checks/check.h"
#include "core/log_event.h"
#include "net/error.h"
#include "net/time.h"
#include "observed/maintenance.h"

namespace core {

/// Tells the journal what Azure announces for this VM, when it begins, and once it is over what has not come
/// back. Meanwhile checks that fail are held: a Freeze takes the virtual function away and gives it back.
class MaintenanceLog {
 public:
  /// After its end things are as they will stay: the next look has been made, and IMDS asked.
  static constexpr auto kUntilBack = std::chrono::seconds(90);
  /// Azure ends a Freeze within seconds; what lasts longer than this is told as it is.
  static constexpr auto kLongestHold = std::chrono::minutes(5);

  /// `events` of every VM; those whose Resources name `vm` are this one's.
  std::vector<LogEvent> take(const net::Result<std::vector<observed::Maintenance>>& events,
                             const std::string& vm, std::span<const checks::CheckResult> checks,
                             net::MonoTime now);
  /// What has not come back, where it is time for that.
  std::optional<LogEvent> see(std::span<const checks::CheckResult> checks, net::MonoTime now);
  [[nodiscard]] std::optional<net::MonoTime> due() const;

  [[nodiscard]] const std::vector<observed::Maintenance>& list() const { return list_; }
  /// True while changes of checks are to be told later.
  [[nodiscard]] bool holds(net::MonoTime now) const { return held_until_ && now < *held_until_; }

 private:
  void begin(std::span<const checks::CheckResult> checks, net::MonoTime now);

  std::vector<observed::Maintenance> list_;
  std::string refused_;
  std::string last_type_;  ///< of what is under way or over
  net::MonoTime began_{};
  std::optional<std::chrono::seconds> took_;
  std::optional<std::set<std::string>> failed_before_;  ///< absent: nothing has begun
  std::optional<net::MonoTime> held_until_;
};

}  // namespace core
