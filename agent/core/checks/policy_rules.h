#pragma once

#include <optional>

#include "agent/core/checks/check_table.h"

namespace agent {

/// A rule of others before table main that chooses packets by a pod's address or by the link that they come
/// from: the kernel's lookups of routes.shadowed do not go by it. Those that go by a mark are not meant, of
/// which Calico, Cilium, Istio and kube-proxy have some.
std::optional<Finding> rule_that_may_lead_away(const Facts& facts);

}  // namespace agent
