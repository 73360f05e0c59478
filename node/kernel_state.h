#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/kernel.h"
#include "net/shared.h"
#include "net/sysctls.h"
#include "node/nic_resolution.h"
#include "node/policy.h"
#include "observed/node_environment.h"

namespace node {

/// One look at everything of the kernel that the wanted routes and the checks depend on, except our own
/// routes.
struct KernelState {
  net::Shared<std::vector<net::Link>> links;
  PlatformRoutes platform_routes;
  /// Routes to wanted destinations in our tables that are not ours. Of two IPv4 routes of one key the kernel
  /// takes the first: one behind ours is left out.
  std::vector<net::Route> foreign_routes;
};

/// Where a foreign or vanished route matters to us: the default routes, the platform's addresses, the pod
/// CIDRs. Ascends.
std::vector<net::Prefix> watched_destinations(const Policy& policy);

/// An Error means that nothing was learned. `ours` are the protocol numbers that do not count as foreign.
net::Result<KernelState> read_kernel_state(net::Kernel& kernel, const Policy& policy,
                                           std::span<const std::uint8_t> ours);

/// Reads every key that the sysctl checks look at; IPv6 keys only when a pod CIDR is IPv6.
observed::SysctlReadings read_sysctls(net::Sysctls& sysctls, const Policy& policy, const std::string& nic);

/// A key and the value that pods need.
struct SysctlWish {
  std::string key;
  std::string value;
  /// A value that others have decided, and that stays.
  std::string_view respected = {};
};

/// The forwarding sysctls that `sysctls.action = "enforce"` keeps, in the order in which they must be
/// written: accept_ra = 2 before IPv6 forwarding, or the kernel stops taking router advertisements in
/// between.
std::vector<SysctlWish> wanted_sysctls(const Policy& policy, const std::string& nic);

/// Those wishes that the readings do not meet. accept_ra is met by 2, and left alone at 0: a network service
/// that takes router advertisements itself says so. Keys that could not be read are left out.
std::vector<SysctlWish> unmet(const std::vector<SysctlWish>& wishes,
                              const observed::SysctlReadings& readings);

}  // namespace node
