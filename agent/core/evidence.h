#pragma once

#include <optional>
#include <vector>

#include "net/address.h"
#include "net/azure_network.h"
#include "net/cloud_config.h"
#include "net/error.h"
#include "net/kubernetes_node.h"

namespace agent {

/// What Azure and Kubernetes say of this node, as far as they could be asked: for each source its latest
/// answer, an Error for "could not look", or nothing while it has not been asked yet.
struct Evidence {
  std::optional<net::AzureNetwork> azure;
  std::optional<net::Result<net::KubernetesNode>> node;
  std::optional<net::Result<net::CloudConfig>> cloud_config;
  /// Some addresses of the cluster's services; none where nobody on this node tells any.
  std::vector<net::Address> service_addresses = {};
};

}  // namespace agent
