#include "checks/node_cidr_dispute.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "checks/azure_evidence.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

/// A route to this NIC for a part of the cluster's range that overlaps none of this node's CIDRs, one of
/// which has its family.
bool is_of_other_pods_here(const Facts& facts, const observed::AzureRoute& route) {
  if (!route.prefix || !is_own_address(facts, route.next_hop) || !is_pod_range(facts, *route.prefix))
    return false;
  const auto family = route.prefix->family();
  // A host route was added on purpose, for a gateway in a pod for example.
  if (route.prefix->length() == net::address_bits(family)) return false;
  const auto& own = facts.policy.node_cidrs;
  return std::any_of(own.begin(), own.end(),
                     [family](const auto& cidr) { return cidr.family() == family; }) &&
         std::none_of(own.begin(), own.end(),
                      [&route](const auto& cidr) { return cidr.overlaps(*route.prefix); });
}

/// Whether every pod with a link of Calico's has an address, of that family, of the prefix.
bool has_all_pods(const net::Prefix& prefix, const std::vector<RoutedPod>& pods) {
  bool has_any = false;
  for (const auto& pod : pods) {
    if (!is_calicos(*pod.link) || pod.address.family() != prefix.family()) continue;
    if (!prefix.contains(pod.address)) return false;
    has_any = true;
  }
  return has_any;
}

}  // namespace

std::string dispute_over_node_cidrs(const Facts& facts) {
  if (!facts.node_cidrs.disagreement.empty()) return facts.node_cidrs.disagreement;
  const auto* table = facts.cloud_state->azure ? table_of(*facts.cloud_state->azure) : nullptr;
  const auto plane = seen_data_plane(facts);
  if (facts.policy.mode != node::Mode::udr || table == nullptr || !plane || (*plane)->routes_cut) return "";
  const auto pods = routed_pods(facts, **plane);
  const auto found = std::find_if(table->routes.begin(), table->routes.end(), [&](const auto& route) {
    return is_of_other_pods_here(facts, route) && has_all_pods(*route.prefix, pods);
  });
  if (found == table->routes.end()) return "";
  return fmt::format(
      "{} says {}, but all pods here have addresses of {}, which route {} of Azure's route table leads to "
      "this NIC",
      facts.node_cidrs.source, net::joined(facts.policy.node_cidrs), found->prefix->text(), found->name);
}

}  // namespace checks
