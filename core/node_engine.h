#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checks/facts.h"
#include "core/event.h"
#include "core/snapshot.h"
#include "net/kernel.h"
#include "net/route_watch.h"
#include "net/sysctls.h"
#include "node/mode_tracker.h"
#include "node/node_document.h"
#include "node/node_view.h"
#include "node/own_node.h"
#include "routing/reconciler.h"

namespace core {

/// What one turn did.
struct TurnReport {
  std::vector<routing::AppliedChange> made;
  std::vector<std::string> sysctls_set;      ///< "net.ipv4.ip_forward = 1"
  std::vector<std::string> sysctl_problems;  ///< why one could not be set
  bool another_reading_wanted = false;       ///< IMDS is to be asked again soon: something waits for it
};

/// What a turn would do, and how the checks judge the node without it.
struct NodePlan {
  routing::Plan routes;
  checks::Facts facts;
};

/// One node: the IMDS document, what it asks for, the reconciler that brings it about, and the facts that
/// the checks judge. Without threads, timers, sockets or a clock of its own; NodeController decides when
/// what is called, and who is told.
class NodeEngine {
 public:
  /// Whether it brings the kernel in line, or observes alone: a command beside a daemon, or without one. What
  /// a single look cannot know the age of is then taken as it is.
  enum class Role : std::uint8_t { reconciles, observes, observes_without_daemon };

  NodeEngine(net::Kernel& kernel, net::Sysctls& sysctls, node::Policy policy, std::string node_name,
             std::uint32_t seed, net::MonoTime now, Role role = Role::reconciles);

  void set_policy(node::Policy policy, net::MonoTime now);
  void set_node_name(std::string name) { node_name_ = std::move(name); }
  void take_cached(observed::NodeNetwork network, std::string api_version, net::WallTime saved,
                   net::MonoTime now);
  /// Whether the document counts is decided by the next turn, against the links of then. One that only says
  /// again what is in force is no reason to dump: the next turn looks up where packets go.
  void take_reading(observed::NodeNetwork network, std::string api_version, net::MonoTime now,
                    net::WallTime wall);
  void take_failure(std::string error);
  /// The state of Azure and Kubernetes as of now; another node CIDR is followed at once.
  void take_cloud_state(observed::CloudState cloud_state, net::MonoTime now);
  /// What others have set up here; another mode is followed once it has held.
  void take_environment(observed::NodeEnvironment environment, net::MonoTime now);
  /// What was known before a restart; it counts once a document of the same VM is in force.
  void take_persisted(PersistedState before, net::MonoTime now);
  /// Restores at once the routes that notifications report as removed; all other changes make a turn due. May
  /// be called between two parts of a dump.
  routing::RepairReport take_notifications(std::span<const net::Notification> notifications,
                                           net::MonoTime now);
  /// Anything may have changed.
  void request_full_resync(net::MonoTime now);

  /// Which notifications about routes matter.
  [[nodiscard]] net::NotificationFilter filter() const {
    return {.protocols = reconciler_.owned(policy_.protocol), .destinations = watched_};
  }

  /// When the next turn should run; nullopt: when something happens.
  [[nodiscard]] std::optional<net::MonoTime> due() const;
  /// The node has shown another mode for long enough, as far as is known: the next take_environment() changes
  /// to it, or finds that it no longer does.
  [[nodiscard]] bool awaits_look() const { return awaits_look_; }
  /// True while the routes are still another mode's that was more than a guess: that is worth telling before
  /// the turn that changes them.
  bool reconsider_mode(net::MonoTime now);
  /// Reads the kernel's state where that was asked for, and brings the kernel in line.
  TurnReport turn(net::MonoTime now, net::WallTime wall);
  /// What turn() would do; an Error: the kernel could not be read.
  net::Result<NodePlan> plan(net::MonoTime now, net::WallTime wall);
  void charge(net::MonoTime now, routing::CpuBudget::Duration cost) { reconciler_.charge(now, cost); }

  /// The state as of the last turn, judged at this moment; without what only the controller knows.
  Snapshot snapshot(net::MonoTime now, net::WallTime wall);
  /// `before` with what is known better now; nullopt where nothing is in force yet that it could be of.
  [[nodiscard]] std::optional<PersistedState> persisted(const PersistedState& before) const;

  /// With the mode and the node CIDRs in force.
  [[nodiscard]] const node::Policy& policy() const { return policy_; }
  [[nodiscard]] const node::ModeTracker& mode() const { return mode_; }
  [[nodiscard]] const node::NodeCidrs& node_cidrs() const { return node_cidrs_; }
  /// Protocol numbers of routes that are ours, also of those that will go: worth keeping.
  [[nodiscard]] std::vector<std::uint8_t> protocols() const { return reconciler_.owned(policy_.protocol); }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const std::optional<node::ResolvedNic>& nic() const { return view_.nic.nic; }
  /// The MAC that was once shown to be the primary NIC's: worth keeping.
  [[nodiscard]] const std::optional<net::MacAddress>& primary() const { return view_.primary; }
  [[nodiscard]] const std::optional<observed::NodeNetwork>& network() const { return document_.in_force(); }
  /// The links as of the last turn.
  [[nodiscard]] const std::vector<net::Link>& links() const { return *view_.kernel_state.links; }

 private:
  /// What brings a network plug-in writes its parts within this time: kubelet starts its containers one after
  /// the other, of one image. Longer than the minute between two looks: what fails then was seen later.
  static constexpr auto kInstalling = std::chrono::seconds(70);
  struct Reading {
    observed::NodeNetwork network;
    std::string api_version;
    net::MonoTime now{};
    net::WallTime wall{};
  };
  /// Where packets of pods go beside the wanted routes.
  struct Lookups {
    std::vector<net::Prefix> other_nodes;
    std::vector<routing::PodFlow> flows;
  };
  void restore(net::MonoTime now);
  bool follow_mode(net::MonoTime now);
  void consider_evidence(net::MonoTime now);
  void note_age(std::span<const net::Link> links, net::MonoTime now);
  void judge_node(std::span<const net::Link> links, net::MonoTime now);
  void follow_node_cidrs(net::MonoTime now);
  bool follow_nic(const net::Notification& notification);
  bool finds_all_as_it_was(net::MonoTime now, net::WallTime wall, TurnReport& report);
  void reconcile(net::MonoTime now, net::WallTime wall, TurnReport& report);
  [[nodiscard]] Lookups wanted_lookups(net::MonoTime now, net::WallTime wall) const;
  [[nodiscard]] routing::LookupTargets targets_of(const Lookups& lookups) const;
  bool read_kernel(net::MonoTime now);
  net::Result<node::KernelState> take_kernel_state(net::MonoTime now);
  void enforce_sysctls(TurnReport& report);
  [[nodiscard]] checks::Facts facts(net::MonoTime now, net::WallTime wall) const;
  [[nodiscard]] NicStatus nic_status() const;

  net::Kernel& kernel_;
  net::Sysctls& sysctls_;
  Role role_;
  node::Policy configured_;  ///< as the configuration has it
  node::Policy policy_;      ///< with the mode and the node CIDRs in force
  node::ModeTracker mode_;
  std::optional<node::Mode> mode_before_;
  bool awaits_look_ = false;
  bool mode_before_was_known_ = false;
  std::string node_name_;
  net::MonoTime started_;
  std::optional<Reading> reading_;        ///< not yet held against the links
  std::optional<PersistedState> before_;  ///< of before a restart, until a document of its VM is in force
  node::NodeDocument document_;
  net::Shared<observed::CloudState> cloud_state_;  ///< with own_node()'s judgement of the Node object
  node::NodeAnswer received_node_;                 ///< as it was received
  net::Shared<observed::NodeEnvironment> environment_;
  std::optional<net::MonoTime> winner_since_;  ///< the CNI configuration that wins was seen to come
  std::map<std::uint32_t, net::MonoTime> links_since_;
  node::NodeCidrs node_cidrs_;
  std::optional<net::MonoTime> node_cidrs_since_;  ///< nullopt: there are none, or they are as of before
  node::NodeView view_;
  routing::Reconciler reconciler_;
  net::SharedList<net::Prefix> watched_;
  bool nic_flapped_ = false;  ///< it was down or lost an address since all was in place
  bool kernel_read_wanted_ = true;
  bool document_repeated_ = false;  ///< since the last turn
  bool configuration_changed_ = false;
  std::optional<observed::NodeNetwork> wanted_of_;  ///< the document that the routes were last wanted by
  bool removals_held_ = false;
  Counters counters_;
  std::vector<checks::CheckResult> checks_;
  std::optional<net::WallTime> ready_since_;
};

}  // namespace core
