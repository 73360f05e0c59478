#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/core/facts.h"
#include "agent/core/mode_keeper.h"
#include "agent/core/node_document.h"
#include "agent/core/outlook.h"
#include "agent/core/own_node.h"
#include "agent/core/reconciler.h"
#include "agent/core/snapshot.h"
#include "net/hint.h"
#include "net/kernel.h"
#include "net/sysctls.h"

namespace agent {

/// What the shell tells about a turn, for the journal.
struct TurnReport {
  std::vector<net::Change> made;
  std::size_t repaired = 0;
  std::vector<std::string> sysctls_set;      ///< "net.ipv4.ip_forward = 1"
  std::vector<std::string> sysctl_problems;  ///< why one could not be set
  bool another_reading_wanted = false;       ///< IMDS is to be asked again soon: something waits for it
};

/// Keeps one node: the document, what it asks for, the reconciler that brings it about, and the checks that
/// judge it. Everything the daemon does apart from waiting; without threads, timers, sockets or a clock of
/// its own.
class Keeper {
 public:
  Keeper(net::Kernel& kernel, net::Sysctls& sysctls, Policy policy, std::string node_name, std::uint32_t seed,
         MonoTime now);

  void set_policy(Policy policy, MonoTime now);
  void set_node_name(std::string name) { node_name_ = std::move(name); }
  void take_cached(net::NodeNetwork network, std::string api_version, WallTime saved, MonoTime now);
  void take_reading(net::NodeNetwork network, std::string api_version, MonoTime now, WallTime wall);
  void take_failure(std::string error);
  /// What Azure and Kubernetes say now; another node CIDR is followed at once.
  void take_evidence(Evidence evidence, MonoTime now);
  /// What others have set up here; another mode is followed once it has held.
  void take_surroundings(Surroundings surroundings, MonoTime now);
  /// The node CIDRs, the mode and the primary NIC as they were last known, from before a restart.
  void recall(NodeCidrs cidrs, std::optional<ModeChoice> mode, std::optional<net::MacAddress> primary,
              MonoTime now);
  /// The protocol numbers of routes that were ours then.
  void recall(std::span<const std::uint8_t> protocols, MonoTime now) { reconciler_.recall(protocols, now); }
  /// Puts back at once what the notifications say is gone; what else they say falls due. May be called while
  /// a turn looks at the kernel.
  MendReport take_hints(std::span<const net::Hint> hints, MonoTime now);
  /// Time to look at everything again, hint or no hint.
  void audit(MonoTime now);

  /// Which routes it wants to hear of.
  struct Interest {
    std::vector<std::uint8_t> protocols;
    net::SharedList<net::Prefix> destinations;

    bool operator==(const Interest&) const = default;
  };
  [[nodiscard]] Interest interest() const {
    return {.protocols = reconciler_.owned(policy_.protocol), .destinations = watched_};
  }

  /// When the next turn should run; nullopt: when something happens.
  [[nodiscard]] std::optional<MonoTime> due() const;
  /// Changes the mode where other evidence has held long enough. True while the routes are still another
  /// mode's that was more than a guess: that is worth telling before the turn that changes them.
  bool reconsider_mode(MonoTime now);
  /// Looks around where that was asked for, and brings the kernel in line.
  TurnReport turn(MonoTime now);
  void spent(MonoTime now, Pace::Duration cost) { reconciler_.spent(now, cost); }

  /// The state as of the last turn, judged at this moment.
  Snapshot snapshot(MonoTime now, WallTime wall);

  /// With the mode and the node CIDRs in force.
  [[nodiscard]] const Policy& policy() const { return policy_; }
  [[nodiscard]] const ModeKeeper& mode() const { return mode_; }
  [[nodiscard]] const NodeCidrs& node_cidrs() const { return node_cidrs_; }
  /// Protocol numbers of routes that are ours, also of those that will go: worth keeping.
  [[nodiscard]] std::vector<std::uint8_t> protocols() const { return reconciler_.owned(policy_.protocol); }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const std::optional<ResolvedNic>& nic() const { return outlook_.nic.nic; }
  /// The MAC that was once shown to be the primary NIC's: worth keeping.
  [[nodiscard]] const std::optional<net::MacAddress>& primary() const { return outlook_.primary; }
  [[nodiscard]] const std::optional<net::NodeNetwork>& network() const { return document_.in_force(); }
  /// The links as of the last look around.
  [[nodiscard]] const std::vector<net::Link>& links() const { return outlook_.survey.links; }

 private:
  bool follow_mode(MonoTime now);
  void note_age(std::span<const net::Link> links, MonoTime now);
  void judge_node(std::span<const net::Link> links, MonoTime now);
  void follow_node_cidrs(MonoTime now);
  bool follow_nic(const net::Hint& hint);
  void look(MonoTime now, TurnReport& report);
  void enforce_sysctls(TurnReport& report);
  [[nodiscard]] Facts facts(MonoTime now, WallTime wall) const;
  [[nodiscard]] NicStatus nic_status() const;

  net::Kernel& kernel_;
  net::Sysctls& sysctls_;
  Policy configured_;
  Policy policy_;
  ModeKeeper mode_;
  std::optional<Mode> mode_before_;
  bool mode_before_was_known_ = false;
  std::string node_name_;
  MonoTime started_;
  NodeDocument document_;
  Evidence evidence_;      ///< with own_node()'s judgement of what was heard of the Node
  NodeAnswer heard_node_;  ///< as it was told
  Surroundings surroundings_;
  std::map<std::uint32_t, MonoTime> links_since_;
  NodeCidrs node_cidrs_;
  std::optional<MonoTime> node_cidrs_since_;  ///< nullopt: there are none, or they are as of before
  Outlook outlook_;
  Reconciler reconciler_;
  net::SharedList<net::Prefix> watched_;
  bool nic_shaken_ = false;  ///< it was down or lost an address since all was in place
  bool look_wanted_ = true;
  bool configuration_changed_ = false;
  bool removals_held_ = false;
  Counters counters_;
  std::vector<CheckResult> checks_;
  std::optional<WallTime> ready_since_;
};

}  // namespace agent
