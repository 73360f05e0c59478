#pragma once

#include <optional>
#include <span>
#include <string>

#include "net/route_watch.h"
#include "node/desired_routes.h"
#include "node/kernel_state.h"
#include "node/nic_resolution.h"
#include "node/node_document.h"

namespace node {

/// What the kernel shows around the node's NIC, and what follows from it for our routes.
struct NodeView {
  KernelState kernel_state;
  /// Why there is no kernel state; empty when there is one.
  std::string error;
  /// The MAC that was once shown to be the primary NIC's (shown_primary()); nullopt: none was ever.
  std::optional<net::MacAddress> primary;
  NicResolution nic;
  routing::Desired desired;
  observed::SysctlReadings sysctls;
};

/// What a document is compared with, as the kernel shows it.
Machine machine_of(const KernelState& kernel_state, const Policy& policy,
                   const std::optional<net::MacAddress>& primary);

/// Derives the view from a kernel state; `network` may be absent (then nothing is desired). `primary` is the
/// remembered one.
NodeView view_of(KernelState kernel_state, net::Sysctls& sysctls, const Policy& policy,
                 const std::optional<observed::NodeNetwork>& network,
                 const std::optional<net::MacAddress>& primary);

/// The settings of the view's NIC, of the other ones and of all, as they are now.
observed::SysctlReadings sysctls_around(const NodeView& view, net::Sysctls& sysctls, const Policy& policy,
                                        const std::optional<observed::NodeNetwork>& network);

/// What a notification asks for.
enum class NotificationScope : std::uint8_t {
  nothing,  ///< of no concern to us
  routes,   ///< dump our routes
  all,      ///< observe all: links, addresses, platform routes, foreign routes, sysctls
};

/// Judges a notification without reading the kernel. `watched` are watched_destinations().
NotificationScope classify(const net::Notification& notification, std::uint8_t protocol,
                           std::span<const net::Prefix> watched);

}  // namespace node
