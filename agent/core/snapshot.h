#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/check.h"
#include "agent/core/config_in_force.h"
#include "agent/core/policy.h"
#include "agent/core/route_statuses.h"
#include "net/node_network.h"
#include "net/route.h"

namespace agent {

using MonoTime = std::chrono::steady_clock::time_point;

/// Where the document about this VM came from.
enum class ImdsSource : std::uint8_t { none, cache, live };

/// "none", "cache", "live".
std::string_view source_name(ImdsSource source);

struct ImdsStatus {
  ImdsSource source = ImdsSource::none;
  std::optional<WallTime> last_success;
  /// The same moment on the monotonic clock: ages are computed when rendered.
  std::optional<MonoTime> last_success_mono;
  std::string api_version;
  std::string last_error;
};

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

/// A change that the agent made to a route.
struct RouteChange {
  WallTime time{};
  std::string action;  ///< "add", "replace", "remove"
  net::Route route;
  std::string device;  ///< the name of the route's link then; empty: gone, or none
  std::string doer;    ///< whose deed it repaired; empty when nobody's, or not known
};

struct Counters {
  std::uint64_t routes_repaired = 0;  ///< routes put back after they had once been in sync
  std::uint64_t resyncs = 0;          ///< looks at the kernel (dump, diff)
  std::uint64_t imds_errors = 0;
};

/// The whole state of the agent at one moment: immutable once published; every front end only renders it.
struct Snapshot {
  std::string version;
  std::shared_ptr<const ConfigInForce> config;  ///< nullptr: not told
  Mode mode = Mode::udr;
  std::string mode_reason;
  bool mode_is_a_guess = false;  ///< nobody has said so yet
  bool ready = false;
  bool ready_for_kubelet = false;  ///< every gate passes but those that need the kubelet
  std::optional<WallTime> ready_since;
  std::string node_name;  ///< kubernetes.node_name, NODE_NAME or the host name
  net::NodeIdentity node;
  ImdsStatus imds;
  NicStatus nic;
  net::SharedList<net::Prefix> cluster_cidrs;
  net::SharedList<net::Prefix> node_cidrs;
  std::string pods_source;  ///< who told node_cidrs: "kubernetes", "flannel", …; empty: nobody
  RouteStatuses routes;
  std::vector<CheckResult> checks;
  std::vector<RouteChange> changes;  ///< the last ones, oldest first
  Counters counters;
};

}  // namespace agent
