#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/kernel.h"
#include "net/notification.h"
#include "routing/backoff.h"
#include "routing/cpu_budget.h"
#include "routing/desired.h"
#include "routing/pod_flows.h"
#include "routing/removal_guard.h"
#include "routing/route_diff.h"
#include "routing/route_index.h"
#include "routing/sync_status.h"

namespace routing {

/// What one step did, for the shell to log and count.
struct StepReport {
  std::optional<net::Error> error;  ///< could not look, or the outcome is unknown: the next step decides
  std::vector<net::Change> made;    ///< changes the kernel accepted
  std::size_t repaired = 0;         ///< of `made`: routes put back after they had been in sync
  bool removals_held = false;       ///< the guard waits for a second reading
  bool strangers_moved = false;     ///< an add met EEXIST: survey again to learn whose route it is
  bool hops_removed = false;        ///< next hops of ours beside the wanted one: look again
};

/// What was put back without a step.
struct RepairReport {
  std::vector<net::Change> made;
  std::size_t repaired = 0;
  bool complete = true;  ///< the kernel took every route, or had it already
};

/// Brings the kernel's routes to the wanted ones and keeps them there.
///
/// A clockless state machine: the shell says what is wanted and when something may have changed, asks when
/// the next step is due, and runs it. Each step looks at the kernel (a dump is the only truth), applies the
/// difference and judges how each route stands. The first hint is due at once; storms are slowed by
/// CpuBudget, failures by Backoff. While nothing has ever been wanted, a step changes nothing.
///
/// What a notification says to be gone is put back before any step, by mend(): with the verb `add` alone, so
/// that the kernel takes it only where a step would have added it too. A step confirms it soon after.
class Reconciler {
 public:
  Reconciler(net::Kernel& kernel, std::uint32_t seed) : kernel_(kernel), backoff_(seed) {}

  /// From now on `desired` is wanted. Makes a step due when it differs from what was wanted.
  /// `agreed` as for RemovalGuard.
  void want(Desired desired, std::uint8_t protocol, bool agreed, net::MonoTime now);
  /// Protocol numbers of before a restart: whose routes may be left, and are ours until none is.
  void restore(std::span<const std::uint8_t> protocols, net::MonoTime now);
  /// Foreign routes to wanted destinations, as the last survey saw them.
  void set_foreign_routes(std::vector<net::Route> foreign_routes, net::MonoTime now);
  /// The link of wanted routes went down or came up: those by one that is down are left for later.
  void set_link_state(std::uint32_t device, bool up);
  /// Something may have changed in the kernel.
  void request_sync(net::MonoTime now);
  /// Anything may have changed: the next step looks for routes of ours in every table.
  void request_full_resync(net::MonoTime now);
  /// Puts back at once what the notifications say was taken away, and all wanted routes by `device` (0:
  /// none), of which the kernel removed some without a word. Whatever else the notifications say makes a step
  /// due. May run while a step looks at the kernel. Against somebody who takes away as fast, steps at their
  /// own pace have to do.
  RepairReport repair_from_notifications(std::span<const net::Notification> notifications,
                                         std::uint32_t device, net::MonoTime now);
  /// Nothing is wanted any more, not even an empty set: the kernel is left as it is.
  void release_all();
  /// Something outside failed: a step becomes due, later each time.
  void retry_later(net::MonoTime now) { retry_ = now + backoff_.next(); }
  /// When step() should run; nullopt: nothing to do until the next hint or audit.
  [[nodiscard]] std::optional<net::MonoTime> due() const;
  /// Looks, applies, and asks the kernel where it sends packets then; not those to `node_cidrs`, where pods
  /// have routes of their own. Of `other_nodes`, parts of the wanted destinations, some are asked for, others
  /// the next time. `flows` are asked for each time.
  StepReport step(net::MonoTime now, std::span<const net::Prefix> node_cidrs = {},
                  std::span<const net::Prefix> other_nodes = {}, std::span<const PodFlow> flows = {});
  /// What the last step cost; feeds the pace.
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
  net::Result<std::vector<net::Rule>> look(RouteDiffer& comparison);
  [[nodiscard]] bool is_gone(const net::Notification& notification, std::vector<Position>& gone);
  RepairReport put_back(std::vector<Position> positions, net::MonoTime now);
  StepReport give_up(net::Error error, StepReport report, net::MonoTime now);
  void ask_where_packets_go(std::span<const net::Prefix> node_cidrs,
                            std::span<const net::Prefix> other_nodes);
  void settle(Difference difference, std::span<const net::Refusal> refused, std::vector<net::Rule> rules,
              StepReport& report);

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
  std::optional<net::MonoTime> asked_;  ///< first hint since the last step that nothing was done about
  std::optional<Wait> unconfirmed_repair_;
  std::optional<net::MonoTime> retry_;
  RouteDiffer* comparing_ = nullptr;  ///< while a step looks
  bool everywhere_ = true;
  bool looked_ = false;
  std::size_t rounds_ = 0;             ///< of ask_where_packets_go()
  std::vector<net::Prefix> led_away_;  ///< parts that were, which are asked for each time
};

}  // namespace routing
