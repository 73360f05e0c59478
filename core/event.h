#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/error.h"
#include "net/mac_address.h"
#include "net/time.h"
#include "node/mode.h"
#include "node/node_cidrs.h"
#include "node/policy.h"
#include "observed/cloud_state.h"
#include "observed/maintenance.h"
#include "observed/node_environment.h"
#include "observed/node_network.h"
#include "observed/request.h"

namespace core {

/// Where the configuration of a running daemon comes from, as far as others have to know it.
struct ConfigInForce {
  std::string file;  ///< whether or not it is there; "" where none counts
  std::vector<std::string>
      overrides;       ///< "section.key=value", of its environment and its --set, the last one counts
  std::string digest;  ///< equal where every value is, whatever it comes from
  /// The values of all keys that shape what is wanted of routes, sysctls and checks, and lead nowhere else;
  /// as in `overrides`. The file may have been edited since.
  std::vector<std::string> values;

  bool operator==(const ConfigInForce&) const = default;
};

/// What this node was found to be, kept so that a restart during an outage changes nothing.
struct PersistedState {
  std::string vm_id = {};  ///< of the VM that it was found on: a disk image may be another VM's
  /// As last known from Azure or Kubernetes; without a source where neither has answered.
  node::NodeCidrs node_cidrs = {};
  /// Where it was found, not configured.
  std::optional<node::ModeChoice> mode = {};
  /// The primary NIC, once a route to a platform address has shown it.
  std::optional<net::MacAddress> primary = {};
  /// By which numbers routes are the agent's: routes.protocol, and others that it was until none of their
  /// routes is left. In ascending order.
  std::vector<std::uint8_t> protocols = {};

  bool operator==(const PersistedState&) const = default;
};

/// The kernel has notifications to read.
struct NotificationsReady {};

/// A usable answer of IMDS.
struct ImdsDocument {
  observed::NodeNetwork network;
  std::string api_version;
  std::chrono::milliseconds took{0};
};

/// An attempt to ask IMDS that brought nothing usable.
struct ImdsFailure {
  std::string error;
  observed::RequestOutcome outcome = observed::RequestOutcome::no_answer;
  std::chrono::milliseconds took{0};
};

/// The document that an earlier process has kept on disk, of this VM.
struct CachedDocument {
  observed::NodeNetwork network;
  std::string api_version;
  net::WallTime saved{};
};

/// The document in force could not be written to disk.
struct CacheFailure {};

/// The configuration as of now.
struct Configuration {
  node::Policy policy;
  std::string node_name;  ///< in Kubernetes
  /// As /status shows it; nullptr: not shown.
  std::shared_ptr<const ConfigInForce> in_force = nullptr;
};

/// routes.resync_interval has passed.
struct ResyncDue {};

/// The time that Effects::wake_at named has come, or the process starts.
struct Wakeup {};

/// Azure's Scheduled Events, of all VMs that they are shown to; or why they cannot be read.
struct ScheduledEvents {
  net::Result<std::vector<observed::Maintenance>> events;
};

/// The event loop proves that it turns: time for what ages by itself.
struct Beat {};

/// Everything by which the state of this node can change.
using Event = std::variant<NotificationsReady, ImdsDocument, ImdsFailure, CachedDocument, CacheFailure,
                           observed::CloudState, observed::NodeEnvironment, PersistedState, Configuration,
                           ScheduledEvents, ResyncDue, Wakeup, Beat>;

}  // namespace core
