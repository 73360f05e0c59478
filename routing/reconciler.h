#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "net/kernel.h"
#include "net/route_watch.h"
#include "routing/cpu_budget.h"
#include "routing/desired.h"
#include "routing/pod_flows.h"
#include "routing/removal_guard.h"
#include "routing/route_diff.h"
#include "routing/route_index.h"
#include "routing/sync_status.h"

namespace routing {

/// A change that the kernel accepted.
struct AppliedChange {
  net::Change change;
  bool repaired = false;         ///< the route had been in sync before
  std::uint32_t removed_by = 0;  ///< netlink port of the process that removed it; 0: the kernel, or not known
};

/// What one step did.
struct StepReport {
  std::optional<net::Error> error;  ///< the dump failed, or the outcome is unknown: the next step decides
  std::vector<AppliedChange> made;
  bool removals_held = false;         ///< the guard waits for a second reading
  bool foreign_routes_moved = false;  ///< an add met EEXIST: dump foreign routes again to learn whose it is
  bool hops_removed = false;          ///< next hops of ours beside the wanted one: dump again
};

/// What was restored without a step.
struct RepairReport {
  std::vector<AppliedChange> made;
  bool complete = true;  ///< the kernel took every route, or had it already
};

/// What a step would do now.
struct Plan {
  std::vector<net::Change> changes;
  bool removals_held = false;  ///< those that remove wait for a second reading
};

/// What the reconciler waits for, until due().
enum class SyncState : std::uint8_t {
  released,    ///< nothing has ever been wanted, or nothing is any more: a step changes nothing
  requested,   ///< for its next step: something may differ
  confirming,  ///< for a step that confirms what was restored without one
  retrying,    ///< for its next attempt, later each time: the kernel refused something or gave no answer
  settled,     ///< for a notification
};

/// What a step looks up beside the wanted destinations.
struct LookupTargets {
  std::span<const net::Prefix> node_cidrs = {};   ///< not looked up: pods have routes of their own there
  std::span<const net::Prefix> other_nodes = {};  ///< parts of the wanted destinations: some at a time
  std::span<const PodFlow> flows = {};            ///< each time
};

/// Brings the kernel's routes to the wanted ones and keeps them there.
///
/// A clockless state machine: the caller sets what is wanted, reports what may have changed, asks when
/// the next step is due, and runs it. Each step dumps our routes (a dump is the only truth), applies the
/// difference and judges the sync status of each. The first request is due at once; storms are slowed by
/// CpuBudget, failures by Backoff.
///
/// A route that a notification reports as removed is restored before any step, with the verb `add` alone, so
/// that the kernel takes it only where a step would have added it too. A step confirms it soon after.
///
///                    released   requested   confirming  retrying    settled
///   want(), other    requested  requested   requested   requested   requested
///   route is gone    released   requested   confirming  confirming  confirming    restored at once
///   something else   released   requested   requested   requested   requested
///   step(), all made released   settled     settled     settled     -
///   step(), refused  released   retrying    retrying    retrying    -             or the dump failed
///   release_all()    released   released    released    released    released
///
/// `requested` outranks `confirming`, which outranks `retrying`: whichever of their times comes first, the
/// step that it brings serves all three.
class Reconciler {
 public:
  Reconciler(net::Kernel& kernel, std::uint32_t seed) : kernel_(kernel), backoff_(seed) {}

  /// From now on `desired` is wanted. Makes a step due when it differs from what was wanted.
  /// `agreed` as for RemovalGuard.
  void want(Desired desired, std::uint8_t protocol, bool agreed, net::MonoTime now);
  /// Protocol numbers of before a restart: whose routes may be left, and are ours until none is.
  void restore(std::span<const std::uint8_t> protocols, net::MonoTime now);
  /// Foreign routes to wanted destinations, as of the last dump of them.
  void set_foreign_routes(std::vector<net::Route> foreign_routes, net::MonoTime now);
  /// The link of wanted routes went down or came up: those by one that is down are left for later.
  void set_link_state(std::uint32_t device, bool up);
  /// Something may have changed in the kernel.
  void request_sync(net::MonoTime now);
  /// Anything may have changed: the next step looks for routes of ours in every table.
  void request_full_resync(net::MonoTime now);
  /// Restores at once the routes that the notifications report as removed, and all wanted routes by `device`
  /// (0: none), of which the kernel removed some without a notification. Every other notification makes a
  /// step due. May run between two parts of the dump of a step. A process that removes routes faster than
  /// RepairRateLimiter allows is answered by steps alone.
  RepairReport repair_from_notifications(std::span<const net::Notification> notifications,
                                         std::uint32_t device, net::MonoTime now);
  /// Nothing is wanted any more, not even an empty set: the kernel is left as it is.
  void release_all();
  /// Something outside failed: a step becomes due, later each time.
  void retry_later(net::MonoTime now) { retry_at_ = now + backoff_.next(); }
  [[nodiscard]] SyncState state() const;
  /// When step() should run; nullopt: nothing to do until the next notification or resync.
  [[nodiscard]] std::optional<net::MonoTime> due() const;
  /// Dumps, applies, and looks up where the kernel sends packets then.
  StepReport step(net::MonoTime now, const LookupTargets& targets = {});
  /// Looks up where the kernel sends packets, without a dump: that of the last step still holds, as long as
  /// no notification says otherwise. False: a step is to find out what is the case, for something was not in
  /// sync before or is not now.
  bool still_leads(const LookupTargets& targets);
  /// What step() would do; sync() then has the state without it. Changes nothing in the kernel.
  net::Result<Plan> plan(const LookupTargets& targets);
  /// What the last step cost; feeds the budget.
  void charge(net::MonoTime now, CpuBudget::Duration cost) { budget_.charge(now, cost); }

  /// Every protocol number whose routes are ours once `next` is wanted: also those that were ours until the
  /// configuration changed, while any of their routes is left. A wanted key of theirs is replaced in place,
  /// the rest is removed last.
  [[nodiscard]] std::vector<std::uint8_t> owned(std::uint8_t next) const;

  [[nodiscard]] const std::optional<Desired>& desired() const { return desired_; }
  /// As of the last step.
  [[nodiscard]] const SyncStatus& sync() const { return sync_; }
  /// True once the kernel has been looked at since something was wanted.
  [[nodiscard]] bool has_looked() const { return looked_; }
  [[nodiscard]] const std::optional<net::Error>& last_error() const { return error_; }

 private:
  using Position = RouteIndex::Position;
  struct Wait {
    net::MonoTime first{};
    net::MonoTime last{};
  };

  void follow(const Desired& desired);
  net::Result<Diff> diff_with_kernel();
  net::Result<std::vector<net::Rule>> dump(RouteDiffer& differ);
  bool is_gone(const net::Notification& notification, std::vector<Position>& gone);
  AppliedChange applied(const net::Change& change, Position position);
  RepairReport put_back(std::vector<Position> positions, net::MonoTime now);
  StepReport give_up(net::Error error, StepReport report, net::MonoTime now);
  void look_up_all(const LookupTargets& targets);
  void settle(Diff diff, std::span<const net::Refusal> refused, StepReport& report);

  net::Kernel& kernel_;
  Backoff backoff_;
  CpuBudget budget_;
  RepairRateLimiter rate_limiter_;
  RemovalGuard guard_;
  std::optional<Desired> desired_;
  RouteIndex index_;                   ///< of desired_->routes
  std::vector<std::uint32_t> tables_;  ///< of desired_->routes
  std::uint8_t protocol_ = 0;
  std::vector<std::uint8_t> retired_;
  std::vector<net::Route> foreign_routes_;
  std::vector<Position> occupied_;
  SyncStatus sync_;
  std::vector<bool> in_place_;  ///< by position: in sync or shadowed as of the last step
  std::optional<net::Error> error_;
  std::map<Position, std::uint32_t> removed_by_;  ///< netlink ports, since the last step
  std::optional<net::MonoTime> requested_at_;     ///< the first request since the last step
  std::optional<Wait> unconfirmed_repair_;
  std::optional<net::MonoTime> retry_at_;
  RouteDiffer* running_dump_ = nullptr;  ///< of a step
  bool every_table_ = true;              ///< the next dump is of every table, not only of tables_
  bool looked_ = false;
  std::size_t rounds_ = 0;             ///< of look_up_all()
  std::vector<Position> obstructed_;   ///< wanted routes that are not taken, which are asked for each time
  std::vector<net::Prefix> led_away_;  ///< parts that were, likewise
};

}  // namespace routing
