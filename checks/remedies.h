#pragma once

#include <string_view>

#include "checks/facts.h"
#include "node/azure_remedies.h"
#include "remedy/remedy.h"

// Fixes that several checks print, and that need Facts or an Azure id.
namespace checks {

using node::create_route;
using node::move_route;
using node::redirect_route;

/// Sets kubernetes.node_name to this VM's Node.
remedy::Remedy name_own_node(const Facts& facts);

/// Whether AKS runs this VM: then users cannot edit the scale set, the control plane's files or the route
/// controller. AKS names the resource group MC_* or, where the user has named that, the scale set aks-*-vmss.
/// https://learn.microsoft.com/azure/aks/faq (the node resource group)
bool is_run_by_aks(const Facts& facts);

}  // namespace checks
