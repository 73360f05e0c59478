#include "node/desired_routes.h"

#include <algorithm>
#include <span>

namespace node {
namespace {

bool contains(std::span<const net::Prefix> list, const net::Prefix& prefix) {
  return std::find(list.begin(), list.end(), prefix) != list.end();
}

/// The CIDRs that would capture a subnet of this VM or a part of it: of any NIC's, since a route to it by the
/// NIC of pods cuts the node off from the neighbours of the other one.
std::vector<net::Prefix> inside_own_subnets(const Policy& policy, const observed::NodeNetwork& network) {
  std::vector<net::Prefix> subnets;
  for (const auto& each : network.nics)
    subnets.insert(subnets.end(), each.subnets.begin(), each.subnets.end());
  std::vector<net::Prefix> withheld;
  for (const auto* list : {&policy.cluster_cidrs, &policy.node_cidrs}) {
    for (const auto& cidr : *list) {
      const bool inside = std::any_of(subnets.begin(), subnets.end(),
                                      [&cidr](const net::Prefix& subnet) { return subnet.contains(cidr); });
      if (inside && !contains(withheld, cidr)) withheld.push_back(cidr);
    }
  }
  return withheld;
}

/// A route out of the NIC by its gateway; none when the NIC lacks an address or gateway of the family.
std::optional<net::Route> by_gateway(const Policy& policy, const ResolvedNic& nic,
                                     const net::Prefix& destination, std::uint32_t table) {
  const auto& gateway = nic.gateway(destination.family());
  const auto source = nic.azure.primary(destination.family());
  if (!gateway || !source) return std::nullopt;
  return net::Route{.key = {.table = table, .destination = destination, .metric = policy.metric, .tos = 0},
                    .type = net::RouteType::unicast,
                    .protocol = policy.protocol,
                    .gateway = gateway->address,
                    .device = nic.link.index,
                    .source = source,
                    .multipath = false};
}

net::Route leading_nowhere(const Policy& policy, net::RouteType type, const net::Prefix& destination,
                           std::uint32_t table, std::uint32_t metric) {
  return {.key = {.table = table, .destination = destination, .metric = metric, .tos = 0},
          .type = type,
          .protocol = policy.protocol,
          .gateway = std::nullopt,
          .device = 0,
          .source = std::nullopt,
          .multipath = false};
}

/// Cluster CIDRs that get a route: not withheld, and not the node's own (there the sink stands alone).
std::vector<net::Prefix> routed_cluster_cidrs(const Policy& policy, const routing::Desired& desired) {
  std::vector<net::Prefix> routed;
  routed.reserve(policy.cluster_cidrs.size());
  for (const auto& cidr : policy.cluster_cidrs) {
    if (!contains(desired.withheld, cidr) && !contains(policy.node_cidrs, cidr)) routed.push_back(cidr);
  }
  return routed;
}

void add_sinks(const Policy& policy, const routing::Desired& desired, std::vector<net::Route>& routes) {
  if (policy.local_sink == LocalSink::none) return;
  const auto type =
      policy.local_sink == LocalSink::blackhole ? net::RouteType::blackhole : net::RouteType::unreachable;
  for (const auto& cidr : policy.node_cidrs) {
    if (contains(desired.withheld, cidr)) continue;
    routes.push_back(leading_nowhere(policy, type, cidr, policy.table, routing::kSinkMetric));
  }
}

/// Pods of a secondary NIC: their packets must leave by it, whatever table main says; what stays on the node
/// is thrown back to main, where the pods' own routes and the sink are.
void add_pod_table(const Policy& policy, const ResolvedNic& nic, routing::Desired& desired,
                   std::vector<net::Route>& routes) {
  const auto want = [&](std::optional<net::Route> route) {
    if (route) routes.push_back(*route);
  };
  std::vector<net::Family> families;
  for (const auto& cidr : policy.node_cidrs) {
    if (contains(desired.withheld, cidr) || !nic.gateway(cidr.family())) continue;
    want(leading_nowhere(policy, net::RouteType::throw_on, cidr, routing::kPodTable, policy.metric));
    desired.rules.push_back({.priority = routing::kPodTable,
                             .source = cidr,
                             .table = routing::kPodTable,
                             .protocol = policy.protocol,
                             .unknown_selectors = false});
    if (std::find(families.begin(), families.end(), cidr.family()) == families.end()) {
      families.push_back(cidr.family());
    }
  }
  for (const auto family : families) {
    want(by_gateway(policy, nic, net::Prefix::any(family), routing::kPodTable));
    for (const auto& cidr : routed_cluster_cidrs(policy, desired)) {
      if (cidr.family() == family) want(by_gateway(policy, nic, cidr, routing::kPodTable));
    }
  }
}

}  // namespace

routing::Desired desired_routes(const Policy& policy, const observed::NodeNetwork& network,
                                const ResolvedNic* nic) {
  routing::Desired desired;
  if (policy.mode == Mode::azure_cni) return desired;  // pods are in the NIC's subnet, and none is routed
  desired.withheld = inside_own_subnets(policy, network);
  std::vector<net::Route> routes;
  routes.reserve(policy.node_cidrs.size() + policy.cluster_cidrs.size());
  add_sinks(policy, desired, routes);
  if (policy.mode == Mode::udr && nic == nullptr) desired.complete = false;
  if (policy.mode == Mode::udr && nic != nullptr) {
    for (const auto& cidr : routed_cluster_cidrs(policy, desired)) {
      if (auto route = by_gateway(policy, *nic, cidr, policy.table)) routes.push_back(*route);
    }
    if (!nic->primary) add_pod_table(policy, *nic, desired, routes);
    if (!nic->link.up) desired.down_device = nic->link.index;
  }
  desired.routes = std::move(routes);
  return desired;
}

}  // namespace node
