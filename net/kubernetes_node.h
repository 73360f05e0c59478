#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "net/prefix.h"

namespace net {

/// A condition of a Kubernetes object (metav1.Condition).
struct KubernetesCondition {
  std::string status;  ///< "True", "False", "Unknown"
  std::string reason;
  std::string message;
  std::chrono::system_clock::time_point since;  ///< lastTransitionTime

  bool operator==(const KubernetesCondition&) const = default;
};

/// What the API server says of this node.
struct KubernetesNode {
  std::string name;
  std::vector<Prefix> pod_cidrs;  ///< spec.podCIDRs, or spec.podCIDR where that is all there is
  std::chrono::system_clock::time_point created;
  /// The condition NetworkUnavailable, which the route controller, flannel or Calico sets.
  std::optional<KubernetesCondition> network_unavailable;

  bool operator==(const KubernetesNode&) const = default;
};

}  // namespace net
