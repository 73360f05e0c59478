#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/mac_address.h"
#include "net/prefix.h"

namespace observed {

/// A condition of a Kubernetes object (metav1.Condition).
struct KubernetesCondition {
  std::string status;  ///< "True", "False", "Unknown"
  std::string reason;
  std::string message;
  std::chrono::system_clock::time_point since;  ///< lastTransitionTime

  bool operator==(const KubernetesCondition&) const = default;
};

/// What flanneld wrote of this node for the others: annotations flannel.alpha.coreos.com/….
/// https://github.com/flannel-io/flannel/blob/master/pkg/subnet/kube/annotations.go
struct FlannelAnnotations {
  std::string backend_type;                 ///< "vxlan", "host-gw", …
  std::optional<net::MacAddress> vtep_mac;  ///< of backend-data, where the backend is vxlan
  std::optional<net::Address> public_ip;
  /// public-ip-overwrite, by which an administrator sets the address that flanneld publishes.
  std::optional<net::Address> public_ip_overwrite = {};

  bool operator==(const FlannelAnnotations&) const = default;
};

/// The API server's answer about this node.
struct KubernetesNode {
  std::string name;
  std::vector<net::Prefix> pod_cidrs;  ///< spec.podCIDRs, or spec.podCIDR where that is all there is
  std::chrono::system_clock::time_point created;
  /// The condition NetworkUnavailable, which the route controller, flannel or Calico sets.
  std::optional<KubernetesCondition> network_unavailable;
  std::optional<FlannelAnnotations> flannel = {};     ///< absent: flannel has not been here
  std::string provider_id = {};                       ///< spec.providerID: the cloud's name of its machine
  std::vector<net::Address> internal_addresses = {};  ///< status.addresses of type InternalIP

  bool operator==(const KubernetesNode&) const = default;
};

}  // namespace observed
