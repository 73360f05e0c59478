#pragma once

#include <string_view>

#include "checks/facts.h"
#include "net/address.h"
#include "net/prefix.h"
#include "observed/azure_network.h"
#include "remedy/remedy.h"

// Fixes that several checks print, and that need Facts or an Azure id.
namespace checks {

/// Adds a route for the prefix to the table. (Azure's `create` replaces one that has the name already.)
remedy::Remedy create_route(const observed::AzureRouteTable& table, std::string_view name,
                            const net::Prefix& prefix, const net::Address& next_hop);
/// Changes the next hop of the route of that name.
remedy::Remedy redirect_route(const observed::AzureRouteTable& table, std::string_view name,
                              const net::Address& next_hop);
/// Changes prefix and next hop of the route of that name.
remedy::Remedy move_route(const observed::AzureRouteTable& table, std::string_view name,
                          const net::Prefix& prefix, const net::Address& next_hop);

/// Sets kubernetes.node_name to this VM's Node.
remedy::Remedy name_own_node(const Facts& facts);

/// Whether AKS runs this VM: then users cannot edit the scale set, the control plane's files or the route
/// controller. AKS names the resource group MC_* or, where the user has named that, the scale set aks-*-vmss.
/// https://learn.microsoft.com/azure/aks/faq (the node resource group)
bool is_run_by_aks(const Facts& facts);

}  // namespace checks
