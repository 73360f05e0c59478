#pragma once

#include <string>

namespace net {

/// The Kubernetes cloud provider's configuration (azure.json), as far as pod routing needs it; empty where it
/// says nothing. The file holds secrets too: nothing else of it is ever kept.
/// https://cloud-provider-azure.sigs.k8s.io/install/configs/
struct CloudConfig {
  std::string cloud;                       ///< AzurePublicCloud, AzureUSGovernmentCloud, AzureChinaCloud, …
  std::string resource_manager_endpoint;   ///< resourceManagerEndpoint, of a custom cloud
  std::string route_table_name;            ///< routeTableName
  std::string route_table_resource_group;  ///< routeTableResourceGroup
  std::string user_assigned_identity;      ///< userAssignedIdentityID: a client id

  bool operator==(const CloudConfig&) const = default;
};

}  // namespace net
