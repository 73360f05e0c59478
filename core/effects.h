#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event.h"
#include "core/log_event.h"
#include "core/repair_log.h"
#include "core/snapshot.h"
#include "net/mac_address.h"
#include "net/time.h"
#include "node/policy.h"
#include "observed/node_network.h"
#include "routing/reconciler.h"

namespace core {

/// What the node's environment is inspected for.
struct InspectionTarget {
  node::Mode mode = node::Mode::udr;
  std::string nic;    ///< the link of the NIC; empty while it is not known
  bool ipv6 = false;  ///< pods use it

  bool operator==(const InspectionTarget&) const = default;
};

/// What Azure and Kubernetes are asked about.
struct CloudTarget {
  node::Mode mode = node::Mode::udr;
  observed::NodeIdentity vm = {};
  std::string mac = {};  ///< of the NIC that carries pod traffic; empty while it is not known

  bool operator==(const CloudTarget&) const = default;
};

/// What the shell does after an event, in this order; whatever is absent asks for nothing.
struct Effects {
  /// Changes that the kernel has accepted, for the record: nothing is to be done about them.
  std::vector<routing::AppliedChange> applied;
  ProcessNames processes;  ///< who removed what `applied` restored

  /// The ready file is removed before the snapshot with the reason is published.
  bool ready_file_goes = false;
  std::shared_ptr<const Snapshot> publish;
  std::vector<LogEvent> log;  ///< after publishing: a reader of a logged repair finds it counted
  /// `publish` is the first that is ready since the node last was not.
  bool ready_file_comes = false;
  bool service_is_ready = false;  ///< READY=1, once in the life of the process
  std::optional<PersistedState> persist;

  bool poll_imds = false;       ///< soon: something waits for another answer
  bool cache_document = false;  ///< the last ImdsDocument is in force, and not what is on disk
  std::optional<CloudTarget> query;
  std::optional<InspectionTarget> inspect;  ///< another target than before
  bool inspect_again = false;               ///< the same: links have changed

  bool turned = false;                   ///< a full turn has run, which proves what a Beat does
  bool costly = false;                   ///< it has left megabytes of free memory behind
  bool resume = false;                   ///< deliver a Wakeup as soon as all of this is done
  std::optional<net::MonoTime> wake_at;  ///< nullopt: nothing is due until the next event
};

}  // namespace core
