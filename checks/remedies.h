#pragma once

#include <string_view>

#include "checks/facts.h"
#include "net/address.h"
#include "net/prefix.h"
#include "observed/azure_network.h"
#include "remedy/remedy.h"

// What several checks print to mend things.
namespace checks {

/// Sets a sysctl now and at every boot. `key` as in net::Sysctls, "net/ipv4/ip_forward".
remedy::Remedy set_sysctl(std::string_view key, std::string_view value);
/// At every boot alone.
remedy::Remedy set_sysctl_at_boot(std::string_view key, std::string_view value);

/// A new route of the table leads the prefix to the address. (Azure's `create` replaces one that has the name
/// already.)
remedy::Remedy create_route(const observed::AzureRouteTable& table, std::string_view name,
                            const net::Prefix& prefix, const net::Address& next_hop);
/// The route of that name leads its prefix to the address.
remedy::Remedy redirect_route(const observed::AzureRouteTable& table, std::string_view name,
                              const net::Address& next_hop);
/// The route of that name leads another prefix to the address.
remedy::Remedy move_route(const observed::AzureRouteTable& table, std::string_view name,
                          const net::Prefix& prefix, const net::Address& next_hop);

/// kubernetes.node_name names this VM's Node.
remedy::Remedy name_own_node(const Facts& facts);

/// Whether AKS runs this VM: then the scale set, the control plane's files and the route controller are not
/// the user's to edit. Told by the resource group or the scale set that AKS gives a name to (MC_*,
/// aks-*-vmss): a group that was named by hand shows in the scale set.
/// https://learn.microsoft.com/azure/aks/faq (the node resource group)
bool is_run_by_aks(const Facts& facts);

}  // namespace checks
