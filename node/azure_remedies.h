#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/prefix.h"
#include "observed/azure_network.h"
#include "remedy/remedy.h"

// Commands that change Azure's network, for who judges one node and for who judges all.
namespace node {

/// Adds a route for the prefix to the table. (Azure's `create` replaces one that has the name already.)
remedy::Remedy create_route(const observed::AzureRouteTable& table, std::string_view name,
                            const net::Prefix& prefix, const net::Address& next_hop);
/// Changes the next hop of the route of that name.
remedy::Remedy redirect_route(const observed::AzureRouteTable& table, std::string_view name,
                              const net::Address& next_hop);
/// Changes prefix and next hop of the route of that name.
remedy::Remedy move_route(const observed::AzureRouteTable& table, std::string_view name,
                          const net::Prefix& prefix, const net::Address& next_hop);

/// Associates the table, by its full id: az takes a bare name for one in the subnet's resource group.
remedy::Remedy associate_table(const observed::AzureSubnet& subnet, std::string_view table_id);

/// What a NIC is part of, beyond its id.
struct NicOwner {
  /// https://learn.microsoft.com/azure/aks/support-policies: what is in its resource group is not the user's.
  bool is_run_by_aks = false;
  /// The Flexible scale set whose profile the next instance's NIC is made from; empty: none.
  std::string_view flexible_set = {};
  /// More instances of the NIC's Uniform scale set that need the same.
  std::vector<std::string> other_instances = {};
};

remedy::Remedy switch_forwarding_on(const observed::AzureNic& nic, const NicOwner& owner);

}  // namespace node
