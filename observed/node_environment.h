#pragma once

#include <optional>

#include "net/error.h"
#include "observed/cni.h"
#include "observed/data_plane.h"
#include "observed/host_settings.h"

namespace observed {

/// What /proc/sys says, by key; an Error is "could not look".
using SysctlReadings = std::map<std::string, net::Result<std::string>, std::less<>>;

/// What others have set up on this node: its CNI, its kernel's tables and its services. Looked at now and
/// then, beside the routes, which nobody here waits for. nullopt: not yet.
struct NodeEnvironment {
  std::optional<CniFiles> cni;
  std::optional<net::Result<DataPlane>> data_plane;
  std::optional<HostSettings> host;
  /// proxy_arp and forwarding of the links of pods (cali*, azv*).
  SysctlReadings pod_sysctls;
};

}  // namespace observed
