#include "audit/cluster_mode.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace audit {
namespace {

using node::Mode;
using observed::ClusterNode;

/// A NIC of Azure CNI's has an address for each pod; others have one of each family, or a few.
constexpr std::size_t kAddressesOfAzureCni = 8;

template <class Items, class Is>
std::size_t count_of(const Items& items, const Is& is) {
  return static_cast<std::size_t>(std::count_if(items.begin(), items.end(), is));
}

bool is_overlay(const std::string& flannel_backend) {
  return flannel_backend == "vxlan" || flannel_backend == "wireguard" || flannel_backend == "udp";
}

}  // namespace

ClusterMode mode_by_nodes(std::span<const ClusterNode> nodes) {
  const auto most = [&nodes](std::size_t count) { return count * 2 > nodes.size(); };
  const auto flannel =
      count_of(nodes, [](const ClusterNode& each) { return is_overlay(each.flannel_backend); });
  if (most(flannel))
    return {Mode::flannel,
            fmt::format("{} of {} Nodes have the annotations of flannel's overlay", flannel, nodes.size())};
  const auto overlay = count_of(nodes, [](const ClusterNode& each) { return !each.podnetwork_type.empty(); });
  if (most(overlay))
    return {Mode::azure_cni, fmt::format("{} of {} Nodes have the label kubernetes.azure.com/podnetwork-type",
                                         overlay, nodes.size())};
  const auto tunnel = count_of(nodes, [](const ClusterNode& each) { return each.has_calico_tunnel; });
  if (most(tunnel))
    return {Mode::calico_vxlan,
            fmt::format("{} of {} Nodes have an address of Calico's tunnel", tunnel, nodes.size())};
  return {std::nullopt, "no Node shows an overlay"};
}

ClusterMode mode_by_network(const Map& map) {
  const auto& members = map.members();
  const auto crowded = count_of(members, [](const Member& each) {
    return each.nic != nullptr && each.nic->nic.configurations.size() >= kAddressesOfAzureCni;
  });
  if (crowded * 2 > members.size())
    return {Mode::azure_cni,
            fmt::format("the NICs of {} of {} nodes have addresses for pods", crowded, members.size())};

  std::set<net::Address> addresses;
  std::set<net::Prefix> cidrs;
  for (const auto& each : members) {
    addresses.insert(each.addresses.begin(), each.addresses.end());
    cidrs.insert(each.cidrs.begin(), each.cidrs.end());
  }
  std::size_t routes = 0;
  for (const auto* table : map.tables()) {
    routes += count_of(table->routes, [&](const observed::AzureRoute& route) {
      if (!route.prefix || !route.next_hop) return false;
      const bool is_pods = cidrs.contains(*route.prefix);
      // A default route to a node that is a gateway shows nothing.
      return is_pods || (route.prefix->length() >= 16 && addresses.contains(*route.next_hop));
    });
  }
  if (routes > 0)
    return {Mode::udr, fmt::format("{} user-defined routes lead to nodes or their pods", routes)};
  if (cidrs.empty())
    return {Mode::azure_cni, "no Node has a pod CIDR, and no user-defined route leads to a node"};
  return {
      std::nullopt,
      "Nodes have pod CIDRs, no user-defined route that was read leads to any, and no Node shows an overlay: "
      "--mode udr judges the routes that are missing then, --mode azure-cni says that none are needed"};
}

}  // namespace audit
