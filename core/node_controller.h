#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/effects.h"
#include "core/event.h"
#include "core/link_log.h"
#include "core/maintenance_log.h"
#include "core/metered_kernel.h"
#include "core/meters.h"
#include "core/node_engine.h"
#include "core/repair_log.h"
#include "core/transition_log.h"
#include "core/transitions.h"
#include "net/kernel.h"
#include "net/route_watch.h"
#include "net/sysctls.h"
#include "net/time.h"

namespace core {

/// The ports of a NodeController; they outlive it.
struct Ports {
  net::Kernel& kernel;
  net::Sysctls& sysctls;
  net::RouteWatch* watch = nullptr;  ///< nullptr: no notifications, as in a command that looks once
  net::Clock clock;
};

/// The decision path: every event enters by handle() and comes back as effects. What to do first, what to
/// publish, whom to blame, what to persist, whom to ask and when to wake up is decided here alone; the shell
/// waits, delivers and executes. One thread.
class NodeController {
 public:
  NodeController(Ports ports, Configuration configuration, std::string version, std::uint32_t seed,
                 NodeEngine::Role role = NodeEngine::Role::reconciles);
  NodeController(const NodeController&) = delete;
  NodeController& operator=(const NodeController&) = delete;
  ~NodeController();

  Effects handle(Event event);
  /// For commands: what a turn would do, as NodeEngine::plan().
  net::Result<NodePlan> plan();

  /// What is in force, to be shown.
  [[nodiscard]] const NodeEngine& engine() const { return engine_; }
  /// As of the last Effects::publish; sequence 0 before the first.
  [[nodiscard]] const Snapshot& published() const { return *published_; }

 private:
  /// What an event asks for.
  enum class Next : std::uint8_t {
    turn,     ///< now
    publish,  ///< a turn where one is due, else what has changed
    due,      ///< whatever is due
    nothing,
  };

  Next take(NotificationsReady event);
  Next take(ImdsDocument event);
  Next take(ImdsFailure event);
  Next take(CachedDocument event);
  Next take(CacheFailure event);
  Next take(observed::CloudState event);
  Next take(observed::NodeEnvironment event);
  Next take(PersistedState event);
  Next take(Configuration event);
  Next take(ScheduledEvents event);
  Next take(ResyncDue event);
  Next take(Wakeup event);
  Next take(Beat event);

  void drain_notifications();
  /// `took`: since a notification told of what is restored; nullopt: none did.
  void record(std::vector<routing::AppliedChange> made, std::optional<net::MonoTime::duration> took);
  void count_losses(std::span<const routing::AppliedChange> made, const ProcessNames& processes,
                    bool notified);
  void note_phases(const Snapshot& snapshot, net::MonoTime now);
  void turn();
  bool announce_mode_change();
  void update_filter();
  bool restored_meanwhile();
  void report(TurnReport done);
  void publish();
  void publish_repairs();
  void log_transitions();
  void log_links();
  void log_maintenance();
  void note_maintenance();
  void tell(LogEvent event);
  void tell(std::vector<LogEvent> events);
  void persist();
  void ask_others();
  [[nodiscard]] bool is_due(const std::optional<net::MonoTime>& time) const;
  [[nodiscard]] std::optional<net::MonoTime> next_wakeup() const;

  Ports ports_;
  std::string version_;
  std::shared_ptr<const ConfigInForce> in_force_;
  Meters meters_;
  MeteredKernel kernel_;
  NodeEngine engine_;
  History history_;
  RepairLog repair_log_;
  TransitionLog transition_log_;
  LinkLog link_log_;
  MaintenanceLog maintenance_log_;
  std::optional<ScheduledEvents> scheduled_;     ///< as last read
  std::optional<observed::AzureNetwork> azure_;  ///< as last known
  net::Shared<std::vector<PastEvent>> past_;
  StartUp start_up_;
  net::MonoTime started_;
  std::shared_ptr<const Snapshot> published_ = std::make_shared<const Snapshot>();
  Effects effects_;  ///< of the event that is being handled
  std::vector<net::Notification> notifications_;
  std::optional<net::NotificationFilter> installed_filter_;
  std::string last_sysctl_problem_;
  PersistedState persisted_;                              ///< as it is on disk, or about to be
  std::optional<observed::NodeNetwork> last_document_;    ///< of IMDS
  std::optional<observed::NodeNetwork> cached_document_;  ///< as it is on disk, or about to be
  std::optional<CloudTarget> queried_;
  std::optional<InspectionTarget> inspected_;
  bool turn_postponed_ = false;         ///< until a change of the mode has been published
  bool mode_change_announced_ = false;  ///< the one that is under way
  bool service_is_ready_ = false;
};

}  // namespace core
