#include "checks/wanted_traffic.h"

#include <algorithm>
#include <span>
#include <utility>

#include "checks/azure_state.h"
#include "checks/overlay.h"
#include "node/azure_routing.h"

namespace checks {
namespace {

using net::Prefix;
using node::add_ways;
using node::is_divided;
using node::SecurityNeed;
using observed::AzureDirection;
using observed::AzureProtocol;

/// One pod CIDR of each family where no rule tells one from another: a route table has hundreds.
std::vector<Prefix> other_pods(const Facts& facts, const observed::AzureNetwork& azure,
                               const std::vector<Prefix>& clusters) {
  auto all = node::cidrs_of_other_nodes(facts.policy, *facts.cloud_state);
  if (is_divided(*azure.security_groups, clusters)) return all;
  std::vector<Prefix> first;
  for (const auto& each : all) {
    if (of_family(first, each.family()).empty()) first.push_back(each);
  }
  return first;
}

Wanted wanted_by_pods(const Facts& facts, const observed::AzureNetwork& azure) {
  const std::vector<Prefix> clusters(facts.policy.cluster_cidrs.begin(), facts.policy.cluster_cidrs.end());
  const std::vector<Prefix> own(facts.policy.node_cidrs.begin(), facts.policy.node_cidrs.end());
  Wanted wanted{.needs = {{.protocol = AzureProtocol::tcp}, {.protocol = AzureProtocol::udp}},
                .ways = {},
                .ours = clusters,
                .inbound_sources = clusters,
                .peers = clusters};
  const auto others = other_pods(facts, azure, clusters);
  add_ways(wanted, AzureDirection::inbound, others, own, "pods of other nodes send to those of this node");
  add_ways(wanted, AzureDirection::inbound, azure.subnet->prefixes, own, "nodes send to pods of this node");
  add_ways(wanted, AzureDirection::outbound, own, others, "pods of this node send to those of other nodes");
  for (const auto& nodes : azure.subnet->prefixes) {
    // Azure refuses prefixes that overlap.
    if (!net::any_contains(clusters, nodes)) wanted.inbound_sources.push_back(nodes);
  }
  return wanted;
}

Wanted wanted_in_subnet(std::vector<SecurityNeed> needs, const observed::AzureSubnet& subnet) {
  return {.needs = std::move(needs),
          .ways = {},
          .ours = subnet.prefixes,
          .inbound_sources = subnet.prefixes,
          .peers = subnet.prefixes};
}

Wanted wanted_by_azure_cni(const observed::AzureSubnet& subnet) {
  auto wanted =
      wanted_in_subnet({{.protocol = AzureProtocol::tcp}, {.protocol = AzureProtocol::udp}}, subnet);
  for (const auto direction : {AzureDirection::inbound, AzureDirection::outbound})
    add_ways(wanted, direction, subnet.prefixes, subnet.prefixes,
             "pods and nodes of this subnet send each other");
  return wanted;
}

Wanted wanted_by_overlay(const Facts& facts, const observed::AzureSubnet& subnet, const net::Vxlan& vxlan) {
  auto wanted = wanted_in_subnet({{.protocol = AzureProtocol::udp, .port = vxlan.port}}, subnet);
  const auto family = vxlan.local ? vxlan.local->family() : net::Family::ipv4;
  const auto address = facts.nic.nic->azure.primary(family);
  if (!address) return wanted;
  const std::vector<Prefix> own = {Prefix::host(*address)};
  add_ways(wanted, AzureDirection::inbound, subnet.prefixes, own, "nodes send to this node by the overlay");
  add_ways(wanted, AzureDirection::outbound, own, subnet.prefixes,
           "this node sends to others by the overlay");
  return wanted;
}

}  // namespace

Seen<std::vector<Wanted>> wanted_of_network(const Facts& facts, const observed::AzureNetwork& azure) {
  std::vector<Wanted> all;
  switch (facts.policy.mode) {
    case node::Mode::udr:
      if (table_of(azure) == nullptr) return tl::unexpected(without_table(azure));
      if (facts.policy.node_cidrs.empty())
        return tl::unexpected(Finding::unknown("this node's pod CIDR is not known, see pods.node_cidr"));
      all.push_back(wanted_by_pods(facts, azure));
      return all;
    case node::Mode::flannel:
    case node::Mode::calico_vxlan:
      if (!facts.nic.nic) return tl::unexpected(Finding::unknown("the NIC is not known, see nic.found"));
      for (const auto* link : overlay_links(facts)) {
        if (link->vxlan) all.push_back(wanted_by_overlay(facts, *azure.subnet, *link->vxlan));
      }
      if (all.empty())
        return tl::unexpected(Finding::unknown("the overlay's port is not known, see overlay.device"));
      return all;
    case node::Mode::azure_cni:
      break;
  }
  all.push_back(wanted_by_azure_cni(*azure.subnet));
  return all;
}

}  // namespace checks
