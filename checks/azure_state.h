#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "checks/check_row.h"
#include "node/azure_routing.h"

// What the checks of Azure's route table have in common.
namespace checks {

inline constexpr auto kAzureDrops = "Azure silently drops pod traffic between nodes";

using node::kRouteMayTake;

/// The finding in modes whose pods need no route table.
std::optional<Finding> without_route_table_mode(const Facts& facts);

/// Why there is nothing to check: not wanted here, not asked yet.
std::optional<Finding> nothing_from_azure(const Facts& facts);

/// The route table of the NIC's subnet; nullptr when it could not be read or there is none.
const observed::AzureRouteTable* table_of(const observed::AzureNetwork& azure);

/// Why the routes of the table cannot be checked; azure.route_table reports that there is none.
Finding without_table(const observed::AzureNetwork& azure);

using node::longest_route_over;
using node::route_to;

/// The addresses of this node's NIC; empty while it is not known.
std::span<const net::Address> own_addresses(const Facts& facts);
bool is_own_address(const Facts& facts, const std::optional<net::Address>& address);

/// True when the node, or its pod CIDR, had not been there for kRouteMayTake when ARM was read: its route may
/// not be made yet, and the table may still hold a former one.
bool is_too_new_for_its_route(const Facts& facts);

/// The route by which Azure leads to the whole prefix: the one to exactly it, or the longest that covers it
/// where that leads to this NIC (a /24 over two /25). nullptr: none.
const observed::AzureRoute* route_for(const Facts& facts, const observed::AzureRouteTable& table,
                                      const net::Prefix& prefix);

bool is_pod_range(const Facts& facts, const net::Prefix& prefix);

/// True when a printed command may change the route: it has this node's name, lies within the cluster's
/// CIDRs, and leads to this NIC or to a CIDR of the Node object of this very VM. A wrong node CIDR must not
/// lead to a command that breaks a healthy node's route.
bool is_evidently_own(const Facts& facts, const observed::AzureRoute& route);

/// True when a printed command may add a route to the CIDR: no source contradicts, and no route within it
/// leads elsewhere, unless the Node object of this very VM has it.
bool is_evidently_own(const Facts& facts, const observed::AzureRouteTable& table, const net::Prefix& cidr);

/// True when the table leads every CIDR of this node to it.
bool leads_here(const Facts& facts, const observed::AzureRouteTable& table);

/// The cloud provider's name for this node's route: with two families it adds the CIDR without its
/// punctuation.
/// https://github.com/kubernetes-sigs/cloud-provider-azure/blob/master/pkg/provider/azure_routes.go
std::string cloud_route_name(const Facts& facts, const net::Prefix& cidr);

/// What azure.node_route finds: other checks leave its faults to it.
Finding azure_node_route(const Facts& facts);

/// A route that the cloud provider has made for this node, by its name and next hop, and that leads another
/// prefix of pods and of the CIDR's family than any CIDR of this node: from before its Node object was made
/// anew. nullptr: none.
const observed::AzureRoute* former_route(const Facts& facts, const observed::AzureRouteTable& table,
                                         const net::Prefix& cidr);

}  // namespace checks
