#pragma once

#include <optional>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "observed/azure_network.h"
#include "observed/cloud_config.h"
#include "observed/kubernetes_node.h"

namespace observed {

/// What Azure and Kubernetes say of this node, as far as they could be asked: for each source its latest
/// answer, an Error for "could not look", or nothing while it has not been asked yet.
struct CloudState {
  std::optional<AzureNetwork> azure;
  std::optional<net::Result<KubernetesNode>> node;
  std::optional<net::Result<CloudConfig>> cloud_config;
  /// Some addresses of the cluster's services; none where nobody on this node tells any.
  std::vector<net::Address> service_addresses = {};
};

}  // namespace observed
