#pragma once

#include <map>
#include <optional>

#include "agent/core/desired_routes.h"
#include "agent/core/evidence.h"
#include "agent/core/nic_resolution.h"
#include "agent/core/node_cidrs.h"
#include "agent/core/policy.h"
#include "agent/core/snapshot.h"
#include "agent/core/standing.h"
#include "agent/core/surroundings.h"
#include "agent/core/survey.h"
#include "net/node_network.h"

namespace agent {

/// Everything that is known about this node at one moment, gathered by the doors: what checks judge. A value,
/// so that every check can be tested from a literal.
struct Facts {
  Policy policy;
  std::string mode_reason;
  /// Nobody has said so yet (ModeKeeper::is_a_guess()).
  bool mode_is_a_guess = false;
  /// The mode until now, while its routes are still there.
  std::optional<Mode> mode_before;
  /// When this agent started, and now: for outages without any success.
  MonoTime started{};
  MonoTime now{};
  WallTime wall{};        ///< now, for the ages of what others dated
  std::string node_name;  ///< in Kubernetes
  ImdsStatus imds;
  /// The document in force; nullopt: none was ever had.
  std::optional<net::NodeNetwork> network;
  /// Why the kernel could not be looked at; empty when it could.
  std::string survey_error;
  NicResolution nic;
  /// Every link of this machine.
  std::vector<net::Link> links;
  /// When each link was first seen, by its index; empty where this is the first look.
  std::map<std::uint32_t, MonoTime> links_since;
  SysctlReadings sysctls;
  Evidence evidence;
  Surroundings surroundings;
  NodeCidrs node_cidrs;  ///< who told the CIDRs in `policy`
  /// When they came to be known; nullopt: before this agent started, or where this is its only look.
  std::optional<MonoTime> node_cidrs_since = {};
  Desired desired;
  /// True once the kernel's routes were compared with `desired`.
  bool routes_seen = false;
  Standing standing;
  std::string route_error;  ///< why the last look or batch failed as a whole
  bool removals_held = false;
  /// No daemon runs here, which would bring the routes about.
  bool no_daemon = false;
};

}  // namespace agent
