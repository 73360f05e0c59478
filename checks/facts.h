#pragma once

#include <map>
#include <optional>

#include "net/shared.h"
#include "node/desired_routes.h"
#include "node/kernel_state.h"
#include "node/nic_resolution.h"
#include "node/node_cidrs.h"
#include "node/node_document.h"
#include "node/policy.h"
#include "observed/cloud_state.h"
#include "observed/node_environment.h"
#include "observed/node_network.h"
#include "routing/sync_status.h"

namespace checks {

/// Everything that is known about this node at one moment, gathered by the doors: what checks judge. A value,
/// so that every check can be tested from a literal; its large parts are shared, and replaced whole.
struct Facts {
  node::Policy policy;
  std::string mode_reason;
  /// Nothing confirms the mode yet (ModeTracker::is_a_guess()).
  bool mode_is_a_guess = false;
  /// Another CNI configuration has won about a minute ago, or less: its installer may still be at work.
  bool network_is_new = false;
  /// The mode until now, while its routes are still there.
  std::optional<node::Mode> mode_before;
  /// When this agent started, and now: for outages without any success.
  net::MonoTime started{};
  net::MonoTime now{};
  net::WallTime wall{};   ///< now, for the ages of what others dated
  std::string node_name;  ///< in Kubernetes
  node::ImdsStatus imds;
  /// The document in force; nullopt: none was ever had.
  std::optional<observed::NodeNetwork> network;
  /// Why the kernel could not be looked at; empty when it could.
  std::string kernel_error;
  node::NicResolution nic;
  /// Every link of this machine.
  net::Shared<std::vector<net::Link>> links;
  /// When each link was first seen, by its index; empty where this is the first look.
  std::map<std::uint32_t, net::MonoTime> links_since;
  observed::SysctlReadings sysctls;
  net::Shared<observed::CloudState> cloud_state;
  net::Shared<observed::NodeEnvironment> environment;
  node::NodeCidrs node_cidrs;  ///< the source of the CIDRs in `policy`
  /// When they came to be known; nullopt: before this agent started, or where this is its only look.
  std::optional<net::MonoTime> node_cidrs_since = {};
  routing::Desired desired;
  /// True once the kernel's routes were compared with `desired`.
  bool routes_seen = false;
  routing::SyncStatus sync;
  std::string route_error;  ///< why the last dump or batch failed as a whole
  bool removals_held = false;
  /// No daemon runs here, which would bring the routes about.
  bool no_daemon = false;
};

}  // namespace checks
