#pragma once

#include <optional>

#include "agent/core/survey.h"
#include "net/cni.h"
#include "net/data_plane.h"
#include "net/error.h"
#include "net/host_settings.h"

namespace agent {

/// What others have set up on this node: its CNI, its kernel's tables and its services. Looked at now and
/// then, beside the routes, which nobody here waits for. nullopt: not yet.
struct Surroundings {
  std::optional<net::CniFiles> cni;
  std::optional<net::Result<net::DataPlane>> data_plane;
  std::optional<net::HostSettings> host;
  /// proxy_arp and forwarding of the links of pods (cali*, azv*).
  SysctlReadings pod_sysctls;
};

}  // namespace agent
