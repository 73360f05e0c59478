#pragma once

#include <optional>
#include <span>
#include <string>

#include "agent/core/desired_routes.h"
#include "agent/core/nic_resolution.h"
#include "agent/core/survey.h"
#include "net/hint.h"

namespace agent {

/// What the kernel shows around the node's NIC, and what follows from it for our routes.
struct Outlook {
  Survey survey;
  /// Why there is no survey; empty when there is one.
  std::string error;
  NicResolution nic;
  Desired desired;
  SysctlReadings sysctls;
};

/// Looks at the kernel and derives; `network` may be absent (then nothing is desired). `ours` as in survey().
Outlook look_around(net::Kernel& kernel, net::Sysctls& sysctls, const Policy& policy,
                    const std::optional<net::NodeNetwork>& network, std::span<const std::uint8_t> ours);

/// What a notification asks for.
enum class Concern : std::uint8_t {
  nothing,  ///< somebody else's business
  routes,   ///< look at our routes
  all,      ///< look around: links, addresses, landmarks, strangers, sysctls
};

/// Judges a hint without looking at the kernel. `watched` are watched_destinations().
Concern concern_of(const net::Hint& hint, std::uint8_t protocol, std::span<const net::Prefix> watched);

}  // namespace agent
