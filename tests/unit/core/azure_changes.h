#pragma once

#include <vector>

#include "tests/unit/core/healthy_nodes.h"

// What happens to a node in Azure, for the tests of what checks say of it.
namespace agent::testing {

inline std::vector<observed::AzureRoute>& azure_routes(checks::Facts& facts) {
  return (**facts.cloud_state.edit().azure->route_table).routes;
}

inline void dissociate(checks::Facts& facts) {
  facts.cloud_state.edit().azure->subnet->route_table_id.clear();
  facts.cloud_state.edit().azure->route_table = std::optional<observed::AzureRouteTable>();
}

inline void run_by_aks(checks::Facts& facts) {
  facts.network->identity.resource_id =
      "/subscriptions/sub-1/resourceGroups/mc_rg_cluster_westeurope/providers/Microsoft.Compute/"
      "virtualMachineScaleSets/aks-pool-12345678-vmss/virtualMachines/0";
}

}  // namespace agent::testing
