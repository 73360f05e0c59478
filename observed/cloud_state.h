#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "observed/azure_network.h"
#include "observed/kubernetes_node.h"
#include "observed/request.h"

namespace observed {

/// The Kubernetes cloud provider's configuration (azure.json), as far as pod routing needs it; empty where it
/// is not set. The file holds secrets too: nothing else of it is ever kept.
/// https://cloud-provider-azure.sigs.k8s.io/install/configs/
struct CloudConfig {
  std::string cloud;                       ///< AzurePublicCloud, AzureUSGovernmentCloud, AzureChinaCloud, …
  std::string resource_manager_endpoint;   ///< resourceManagerEndpoint, of a custom cloud
  std::string route_table_name;            ///< routeTableName
  std::string route_table_resource_group;  ///< routeTableResourceGroup
  std::string user_assigned_identity;      ///< userAssignedIdentityID: a client id
  std::string resource_group = {};         ///< resourceGroup: the cluster's own
  std::string subscription = {};           ///< subscriptionId: the cluster's own
  std::string network_subscription = {};   ///< networkResourceSubscriptionID

  /// The resource group that routeTableName is in, as the cloud provider has it: InitializeCloudFromConfig()
  /// in https://github.com/kubernetes-sigs/cloud-provider-azure/blob/master/pkg/provider/azure.go. AKS leaves
  /// routeTableResourceGroup out. Empty where the file names neither.
  [[nodiscard]] const std::string& table_resource_group() const {
    return route_table_resource_group.empty() ? resource_group : route_table_resource_group;
  }
  /// The subscription that it is in: getNetworkResourceSubscriptionID() in azure_standard.go beside it.
  [[nodiscard]] const std::string& table_subscription() const {
    return network_subscription.empty() ? subscription : network_subscription;
  }

  bool operator==(const CloudConfig&) const = default;
};

/// Azure's and Kubernetes' answers about this node, as far as they could be queried: for each source its
/// latest answer, an Error where it could not be read, or nothing while it has not been asked yet.
struct CloudState {
  std::optional<AzureNetwork> azure;
  std::optional<net::Result<KubernetesNode>> node;
  std::optional<net::Result<CloudConfig>> cloud_config;
  /// Some addresses of the cluster's services; none where no file on this node has any.
  std::vector<net::Address> service_addresses = {};
  /// Those made since the last answer, for metrics: no part of the state.
  std::vector<Request> requests = {};
};

}  // namespace observed
