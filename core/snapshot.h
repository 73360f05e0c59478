#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checks/check.h"
#include "checks/fills.h"
#include "core/event.h"
#include "core/log_event.h"
#include "core/meters.h"
#include "net/route.h"
#include "net/time.h"
#include "node/node_document.h"
#include "node/policy.h"
#include "observed/maintenance.h"
#include "observed/node_network.h"
#include "routing/route_statuses.h"

namespace core {

/// The NIC that carries pod traffic, as resolved; all empty before that.
struct NicStatus {
  std::string name;
  std::uint32_t index = 0;
  std::string mac;
  std::vector<std::string> addresses;
  std::vector<std::string> subnets;
  std::vector<std::string> gateways;
  std::uint32_t mtu = 0;
};

/// The links between pods and the NIC, as far as they are there.
struct PathLinks {
  std::string
      pod;  ///< the pods' bridge ("cbr0"), or what the names of their own links have in common ("cali*")
  std::string overlay;  ///< "flannel.1", "vxlan.calico"; empty also in modes without
};

/// A change that the agent made to a route.
struct RouteChange {
  net::WallTime time{};
  std::string action;  ///< "add", "replace", "remove"
  net::Route route;
  std::string device;      ///< the name of the route's link then; empty: gone, or none
  std::string removed_by;  ///< the process whose removal it repaired; empty: none, or not known
};

/// A line of the log, and when.
struct PastEvent {
  net::WallTime time{};
  LogEvent event;
};

struct Counters {
  std::uint64_t routes_repaired = 0;  ///< routes restored after they had once been in sync
  std::uint64_t resyncs = 0;          ///< dumps of the kernel's routes, each compared
  std::uint64_t imds_errors = 0;
};

/// The whole state of the agent at one moment: immutable once published; every front end only renders it.
struct Snapshot {
  std::uint64_t sequence = 0;  ///< counts those of this process; 0: none has been published yet
  std::string version;
  std::shared_ptr<const ConfigInForce> config;  ///< nullptr: not shown
  node::Mode mode = node::Mode::udr;
  std::string mode_reason;
  bool mode_is_a_guess = false;  ///< nothing confirms it yet
  bool ready = false;
  bool ready_for_kubelet = false;  ///< every gate passes but those that need the kubelet
  std::optional<net::WallTime> ready_since;
  std::string node_name;  ///< kubernetes.node_name, NODE_NAME or the host name
  observed::NodeIdentity node;
  node::ImdsStatus imds;
  NicStatus nic;
  PathLinks path_links;
  net::SharedList<net::Prefix> cluster_cidrs;
  net::SharedList<net::Prefix> node_cidrs;
  std::string pods_source;  ///< the source of node_cidrs: "kubernetes", "flannel", …; empty: none
  routing::RouteStatuses routes;
  std::vector<checks::CheckResult> checks;
  std::vector<RouteChange> changes;  ///< the last ones, oldest first
  /// The last lines about this node of the log, since this process started, oldest first.
  net::Shared<std::vector<PastEvent>> events;
  std::vector<observed::Maintenance> maintenance;  ///< of this VM, announced or under way
  Counters counters;
  Meters meters;
  checks::Fills fills;
};

/// RFC 3339 in UTC with milliseconds: "2026-03-01T12:00:00.000Z".
std::string wall_time_text(net::WallTime time);

}  // namespace core
