#pragma once

#include <optional>
#include <span>
#include <string>

#include "audit/members.h"
#include "node/policy.h"

namespace audit {

struct ClusterMode {
  std::optional<node::Mode> mode;  ///< nullopt: nothing shows it
  std::string reason;
};

/// What the Node objects alone show, for then Azure need not be asked: flannel's annotations, the addresses
/// of Calico's tunnels, AKS's labels, on more than half of the nodes.
ClusterMode mode_by_nodes(std::span<const observed::ClusterNode> nodes);

/// What routes and NICs show beyond that: user-defined routes lead to nodes, or NICs have the addresses of
/// pods.
ClusterMode mode_by_network(const Map& map);

}  // namespace audit
