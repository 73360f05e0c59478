#pragma once

#include <optional>
#include <vector>

#include "checks/check_row.h"
#include "routing/pod_flows.h"

namespace checks {

/// A rule of others before table main that chooses packets by a pod's address, by protocol, ports or TOS, or
/// by the link that they come from: the kernel's lookups of routes.shadowed do not go by it. Those that go by
/// a mark are not meant, of which Calico, Cilium, Istio and kube-proxy have some.
std::optional<Finding> diverting_rule(const Facts& facts);

/// For each of these rules a packet that it chooses, to or from a pod that Calico has here: for
/// look_up_flows(). None where there is no such pod, or no such packet.
std::vector<routing::PodFlow> flows_of_rules(const Facts& facts);

}  // namespace checks
