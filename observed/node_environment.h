#pragma once

#include <chrono>
#include <optional>

#include "net/error.h"
#include "observed/cni.h"
#include "observed/data_plane.h"
#include "observed/host_settings.h"

namespace observed {

/// Values of /proc/sys by key; an Error: it could not be read.
using SysctlReadings = std::map<std::string, net::Result<std::string>, std::less<>>;

/// What others have set up on this node: its CNI, its kernel's tables and its services. Looked at now and
/// then, beside the routes, which never wait for it. nullopt: not yet.
struct NodeEnvironment {
  std::optional<CniFiles> cni;
  std::optional<net::Result<DataPlane>> data_plane;
  std::optional<HostSettings> host;
  /// proxy_arp and forwarding of the links of pods (cali*, azv*).
  SysctlReadings pod_sysctls;
  std::chrono::nanoseconds took{0};  ///< this look
};

}  // namespace observed
