#pragma once

#include <optional>
#include <span>
#include <string>

#include "agent/core/desired_routes.h"
#include "agent/core/nic_resolution.h"
#include "agent/core/node_document.h"
#include "agent/core/survey.h"
#include "net/hint.h"

namespace agent {

/// What the kernel shows around the node's NIC, and what follows from it for our routes.
struct Outlook {
  Survey survey;
  /// Why there is no survey; empty when there is one.
  std::string error;
  /// The MAC that was once shown to be the primary NIC's (shown_primary()); nullopt: none was ever.
  std::optional<net::MacAddress> primary;
  NicResolution nic;
  Desired desired;
  SysctlReadings sysctls;
};

/// What a document is held against, as the survey shows it.
Machine machine_of(const Survey& survey, const Policy& policy, const std::optional<net::MacAddress>& primary);

/// Derives from a survey; `network` may be absent (then nothing is desired). `primary` is the remembered one.
Outlook outlook_of(Survey survey, net::Sysctls& sysctls, const Policy& policy,
                   const std::optional<net::NodeNetwork>& network,
                   const std::optional<net::MacAddress>& primary);

/// What a notification asks for.
enum class Concern : std::uint8_t {
  nothing,  ///< somebody else's business
  routes,   ///< look at our routes
  all,      ///< look around: links, addresses, landmarks, strangers, sysctls
};

/// Judges a hint without looking at the kernel. `watched` are watched_destinations().
Concern concern_of(const net::Hint& hint, std::uint8_t protocol, std::span<const net::Prefix> watched);

}  // namespace agent
