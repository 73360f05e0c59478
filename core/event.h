#pragma once

#include <memory>
#include <string>
#include <variant>

#include "core/config_in_force.h"
#include "core/persisted_state.h"
#include "net/time.h"
#include "node/policy.h"
#include "observed/cloud_state.h"
#include "observed/node_environment.h"
#include "observed/node_network.h"

namespace core {

/// The kernel has notifications to read.
struct NotificationsReady {};

/// A usable answer of IMDS.
struct ImdsDocument {
  observed::NodeNetwork network;
  std::string api_version;
};

/// An attempt to ask IMDS that brought nothing usable.
struct ImdsFailure {
  std::string error;
};

/// The document that an earlier process has kept on disk, of this VM.
struct CachedDocument {
  observed::NodeNetwork network;
  std::string api_version;
  net::WallTime saved{};
};

/// The document in force could not be written to disk.
struct CacheFailure {};

/// What the configuration says now.
struct Configuration {
  node::Policy policy;
  std::string node_name;  ///< in Kubernetes
  /// As /status tells of it; nullptr: nothing is told.
  std::shared_ptr<const ConfigInForce> in_force = nullptr;
};

/// routes.resync_interval has passed.
struct ResyncDue {};

/// The time that Effects::wake_at named has come, or the process starts.
struct Wakeup {};

/// The event loop proves that it turns: time for what ages by itself.
struct Beat {};

/// Everything by which the state of this node can change.
using Event = std::variant<NotificationsReady, ImdsDocument, ImdsFailure, CachedDocument, CacheFailure,
                           observed::CloudState, observed::NodeEnvironment, PersistedState, Configuration,
                           ResyncDue, Wakeup, Beat>;

}  // namespace core
