#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "net/route.h"
#include "net/rule.h"
#include "net/shared.h"
#include "node/nic_resolution.h"
#include "node/policy.h"
#include "observed/node_network.h"
#include "routing/desired.h"

namespace node {

/// The routes and rules of the mode:
/// - udr: each cluster CIDR by the NIC's gateway, never by a peer, since Azure forwards by its route table
///   alone; each node CIDR into the sink; on a secondary NIC also table 16925 and its source rules;
/// - flannel, calico-vxlan: the sinks; azure-cni: nothing.
/// `nic` is null while it cannot be resolved; then only the sinks are wanted and the result is not complete.
routing::Desired desired_routes(const Policy& policy, const observed::NodeNetwork& network,
                                const ResolvedNic* nic);

}  // namespace node
