#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "agent/core/backoff.h"
#include "agent/core/desired_routes.h"
#include "agent/core/pace.h"
#include "agent/core/removal_guard.h"
#include "agent/core/route_diff.h"
#include "agent/core/standing.h"
#include "net/kernel.h"

namespace agent {

/// What one step did, for the shell to log and count.
struct StepReport {
  std::optional<net::Error> error;  ///< could not look, or the outcome is unknown: the next step decides
  std::vector<net::Change> made;    ///< changes the kernel accepted
  std::vector<net::Refusal> refused;
  std::vector<net::Change> attempted;  ///< what `refused` indexes
  std::size_t repaired = 0;            ///< of `made`: routes put back after they had been in sync
  bool removals_held = false;          ///< the guard waits for a second reading
  bool strangers_moved = false;        ///< an add met EEXIST: survey again to learn whose route it is
};

/// Brings the kernel's routes to the wanted ones and keeps them there.
///
/// A clockless state machine: the shell says what is wanted and when something may have changed, asks when
/// the next step is due, and runs it. Each step looks at the kernel (a dump is the only truth), applies the
/// difference and judges how each route stands. The first hint is due at once; storms are slowed by Pace,
/// failures by Backoff. While nothing has ever been wanted, a step changes nothing.
class Reconciler {
 public:
  Reconciler(net::Kernel& kernel, std::uint32_t seed) : kernel_(kernel), backoff_(seed) {}

  /// From now on `desired` is wanted. Makes a step due when it differs from what was wanted.
  void want(Desired desired, std::uint8_t protocol, const Basis& basis, MonoTime now);
  /// Foreign routes to wanted destinations, as the last survey saw them.
  void know_strangers(std::vector<net::Route> strangers, MonoTime now);
  /// Something may have changed in the kernel.
  void hint(MonoTime now);
  /// Nothing is wanted any more, not even an empty set: the kernel is left as it is.
  void let_go();
  /// Something outside failed: a step becomes due, later each time.
  void retry_later(MonoTime now) { retry_ = now + backoff_.next(); }
  /// When step() should run; nullopt: nothing to do until the next hint or audit.
  [[nodiscard]] std::optional<MonoTime> due() const;
  StepReport step(MonoTime now);
  /// What the last step cost; feeds the pace.
  void spent(MonoTime now, Pace::Duration cost) { pace_.spent(now, cost); }

  /// Every protocol number whose routes are ours once `next` is wanted: also those that were ours until the
  /// configuration changed, while any of their routes is left. A wanted key of theirs is replaced in place,
  /// the rest is removed last.
  [[nodiscard]] std::vector<std::uint8_t> owned(std::uint8_t next) const;

  [[nodiscard]] const std::optional<Desired>& desired() const { return desired_; }
  /// As of the last step.
  [[nodiscard]] const Standing& standing() const { return standing_; }
  /// True once the kernel has been looked at since something was wanted.
  [[nodiscard]] bool has_looked() const { return looked_; }
  [[nodiscard]] const std::optional<net::Error>& last_error() const { return error_; }

 private:
  net::Result<Actual> look();
  StepReport give_up(net::Error error, StepReport report, MonoTime now);
  Refusals sort_out(StepReport& report, Actual& actual) const;
  void settle(const Actual& actual, StepReport& report, const Refusals& refusals);

  net::Kernel& kernel_;
  Backoff backoff_;
  Pace pace_;
  RemovalGuard guard_;
  std::optional<Desired> desired_;
  std::uint8_t protocol_ = 0;
  std::vector<std::uint8_t> retired_;
  std::vector<net::Route> strangers_;
  Standing standing_;
  std::optional<net::Error> error_;
  std::optional<MonoTime> asked_;  ///< first hint since the last step
  std::optional<MonoTime> retry_;
  std::set<net::RouteKey> was_in_sync_;
  bool looked_ = false;
};

}  // namespace agent
