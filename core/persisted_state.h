#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/mac_address.h"
#include "node/mode.h"
#include "node/node_cidrs.h"

namespace core {

/// What this node was found to be, kept so that a restart while nobody can tell changes nothing.
struct PersistedState {
  std::string vm_id = {};  ///< of the VM that it was found on: a disk image may be another VM's
  /// As Azure or Kubernetes told last; without a source where neither has.
  node::NodeCidrs node_cidrs = {};
  /// Where it was found, not configured.
  std::optional<node::ModeChoice> mode = {};
  /// The primary NIC, once a route to a platform address has shown it.
  std::optional<net::MacAddress> primary = {};
  /// By which numbers routes are the agent's: routes.protocol, and others that it was until none of their
  /// routes is left. In ascending order.
  std::vector<std::uint8_t> protocols = {};

  bool operator==(const PersistedState&) const = default;
};

}  // namespace core
