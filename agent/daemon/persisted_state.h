#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "net/error.h"
#include "net/mac_address.h"
#include "node/mode.h"
#include "node/node_cidrs.h"

namespace agent {

/// What this node was found to be, kept so that a restart while nobody can tell changes nothing.
struct PersistedState {
  /// As Azure or Kubernetes told last; without a source where neither has.
  node::NodeCidrs node_cidrs;
  /// Where it was found, not configured.
  std::optional<node::ModeChoice> mode;
  /// The primary NIC, once a route to a platform address has shown it.
  std::optional<net::MacAddress> primary;
  /// By which numbers routes are the agent's: routes.protocol, and others that it was until something is left
  /// of none. In ascending order.
  std::vector<std::uint8_t> protocols;

  bool operator==(const PersistedState&) const = default;
};

/// The contents of the file that recall() reads.
std::string persisted_text(const PersistedState& kept, const std::string& vm_id);

/// What was kept on this VM; of protocol numbers those alone that routes.protocol could have. ENOENT:
/// nothing, or another VM's (an image made from a node); EBADMSG for a damaged file.
net::Result<PersistedState> load_state(const std::filesystem::path& file, const std::string& vm_id);

}  // namespace agent
