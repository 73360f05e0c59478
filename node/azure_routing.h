#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/prefix.h"
#include "node/policy.h"
#include "observed/azure_network.h"
#include "observed/cloud_state.h"

namespace node {

/// The value after a key of an ARM id, in any case: segment_of(id, "resourceGroups"); empty when there is
/// none. https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
std::string_view segment_of(std::string_view id, std::string_view key);

/// The resource's own name: what follows the last slash.
std::string_view name_of(std::string_view id);

/// What the cloud provider puts between a node's name and the CIDR where a node has two.
/// https://github.com/kubernetes-sigs/cloud-provider-azure/blob/master/pkg/provider/azure_routes.go
inline constexpr std::string_view kBeforeTheCidr = "____";

/// From a Node object to a route that is in effect: the route controller looks every 10 s, the cloud provider
/// collects routes for 30 s and then waits 30 s more; 60 to 90 s are normal.
/// https://github.com/kubernetes-sigs/cloud-provider-azure (routeUpdateIntervalInSeconds,
/// routeUpdateWaitingInSeconds), kube-controller-manager's --route-reconciliation-period
inline constexpr auto kRouteMayTake = std::chrono::seconds(180);

/// Routes of a table, as Azure has documented it over the years; AKS still counts on the first. Which of them
/// a table has is not told.
/// https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
inline constexpr std::array<std::size_t, 3> kRouteTableLimits = {400, 600, 1000};

/// Whether the cloud provider would give a route of this node's that name. Azure keeps the case of names, and
/// compares without.
bool is_named_after(std::string_view node, std::string_view route);

/// The cloud provider's name for a node's route: of several CIDRs it adds the CIDR without its punctuation.
std::string cloud_route_name(std::string_view node, const net::Prefix& cidr, std::size_t cidrs_of_node);

/// Azure's choice for packets that leave a subnet.
/// https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
struct AzureChoice {
  net::Prefix prefix;
  std::string next_hop_type;
  std::optional<net::Address> next_hop;
  /// The user-defined route's name; empty: a system route.
  std::string route;
};

/// The longest prefix that contains the destination; of equal ones the user-defined route before the
/// system's. Routes that are being deleted, and service tags, do not count; BGP is not seen. `network`
/// nullptr: the virtual network's own prefixes are not known.
AzureChoice azure_choice(const observed::AzureRouteTable* table, const observed::AzureVirtualNetwork* network,
                         const net::Address& destination);

/// The route to exactly this prefix; nullptr: none. Azure takes no two of them.
const observed::AzureRoute* route_to(const observed::AzureRouteTable& table, const net::Prefix& prefix);

/// The longest route that covers the whole prefix, wherever it leads; nullptr: none.
const observed::AzureRoute* longest_route_over(const observed::AzureRouteTable& table,
                                               const net::Prefix& prefix);

/// How a table leads to a CIDR of a node's.
struct RouteWay {
  enum class Is : std::uint8_t {
    right,
    missing,
    failed,    ///< Azure has given it up
    changing,  ///< Azure is at it
    elsewhere,
  };
  Is is = Is::missing;
  /// The route to exactly the CIDR, or the longest that covers it where that leads to the node (a /24 over
  /// two /25); null: missing.
  const observed::AzureRoute* route = nullptr;
};

/// `own`: the addresses of the node's NIC.
RouteWay way_to(const observed::AzureRouteTable& table, const net::Prefix& cidr,
                std::span<const net::Address> own);

/// False for a prefix that a route table leads to a node and that is more than its pods: it holds a cluster
/// CIDR or the VM subnet. `azure` nullptr: the subnet is not known.
bool can_be_one_nodes(const Policy& policy, const observed::AzureNetwork* azure, const net::Prefix& prefix);

/// This node's pod CIDRs as the NIC's route table has them: the prefix of pods whose next hop is this NIC,
/// one of each family, by a route that has the node's name (the cloud provider's do), or else by one that
/// can be a node's beside those of others and holds none of theirs. A node that is an appliance or a gateway,
/// too, is led more than its pods, and a sink for that would cut others off; of several routes nothing can be
/// told.
std::vector<net::Prefix> node_cidrs_of_table(const Policy& policy, const observed::AzureNetwork& azure,
                                             std::string_view node_name);

/// Where the NIC's route table leads pods of other nodes: its prefixes inside the cluster's CIDRs, but for
/// what is this node's or led to it. Empty where one of these is not known, or the mode needs no table.
std::vector<net::Prefix> cidrs_of_other_nodes(const Policy& policy, const observed::CloudState& cloud_state);

}  // namespace node
