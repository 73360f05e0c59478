#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "checks/checks.h"
#include "checks/node_cidr_dispute.h"
#include "checks/pod_network.h"
#include "checks/remedies.h"
#include "node/own_node.h"

namespace checks {
namespace {

/// Link-local addresses, IMDS among them, and the platform's own address: every VM needs them.
/// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
constexpr std::array<std::string_view, 2> kReserved = {"169.254.0.0/16", "168.63.129.16/32"};

/// What AKS keeps for itself; elsewhere they are as good as any other (OpenShift's services, say).
/// https://learn.microsoft.com/azure/aks/use-byo-cni, configure-azure-cni ("can't use")
constexpr std::array<std::string_view, 3> kReservedByAks = {"172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"};

std::optional<std::string_view> overlapped(const net::Prefix& cidr,
                                           std::span<const std::string_view> ranges) {
  for (const auto range : ranges) {
    if (cidr.overlaps(*net::Prefix::parse(range))) return range;
  }
  return std::nullopt;
}

remedy::Remedy give_another_range() {
  return remedy::edit_configuration(
      "give pods another range, in the cluster and in /etc/calico-azure-agent/config.toml");
}

bool is_of_node_cidr(const Facts& facts, const net::Prefix& prefix) {
  const auto& own = facts.policy.node_cidrs;
  return std::any_of(own.begin(), own.end(), [&prefix](const auto& cidr) { return cidr.contains(prefix); });
}

/// A pod CIDR that holds addresses which are somebody else's: another link's, the platform's, a service's.
/// Links inside this node's CIDR are the pods' own (cbr0, cni0, flannel.1, /32s).
std::optional<Finding> captured_elsewhere(const Facts& facts) {
  const auto warn = [](const net::Prefix& cidr, std::string_view whose, std::string_view other) {
    return Finding::warn(fmt::format("{} overlaps {} of {}", cidr.text(), other, whose),
                         "the longer prefix wins: pods with these addresses cannot be reached from this node",
                         give_another_range());
  };
  for (const auto& cidr : facts.policy.cluster_cidrs) {
    if (const auto range = overlapped(cidr, kReserved)) return warn(cidr, "Azure's platform", *range);
    if (const auto range = overlapped(cidr, kReservedByAks); range && is_run_by_aks(facts)) {
      return Finding::warn(fmt::format("{} overlaps {}, which AKS keeps for itself", cidr.text(), *range),
                           "AKS uses these addresses on its nodes and refuses them for pods",
                           give_another_range());
    }
    for (const auto& service : facts.cloud_state.service_addresses) {
      if (!cidr.contains(service)) continue;
      return Finding::warn(
          fmt::format("{} holds {}, an address of a Kubernetes service", cidr.text(), service.text()),
          "what goes to a pod with a service's address reaches the service", give_another_range());
    }
    if (facts.policy.node_cidrs.empty()) continue;  // it cannot be told whose links these are
    for (const auto& link : facts.links) {
      for (const auto& each : link.addresses) {
        const auto prefix = net::Prefix::around(each.address, each.prefix_length);
        if (!prefix || link.index == facts.nic.nic->link.index || !cidr.overlaps(*prefix)) continue;
        const bool range = prefix->length() < net::address_bits(prefix->family());
        if (range && !is_of_node_cidr(facts, *prefix)) return warn(cidr, link.name, prefix->text());
      }
    }
  }
  return std::nullopt;
}

/// Why the source that the configuration demands says nothing.
std::string silence_of(const Facts& facts, node::NodeCidrSource source) {
  const auto& cloud_state = facts.cloud_state;
  switch (source) {
    case node::NodeCidrSource::kubernetes:
      if (!cloud_state.node) return "the API server has not been asked yet";
      return *cloud_state.node ? "spec.podCIDRs is empty, see kubernetes.node_cidr"
                               : cloud_state.node->error().what;
    case node::NodeCidrSource::route_table:
      if (!cloud_state.azure) return "Azure's route table has not been read yet";
      if (!cloud_state.azure->route_table) return cloud_state.azure->route_table.error().what;
      return "no route of Azure's route table leads to this NIC";
    case node::NodeCidrSource::flannel:
      if (!facts.environment.cni) return "flannel's subnet.env has not been read yet";
      return facts.environment.cni->flannel_lease ? "flannel's subnet.env names no FLANNEL_SUBNET"
                                                  : facts.environment.cni->flannel_lease.error().what;
    default:
      return "pods.node_cidrs is empty";
  }
}

constexpr auto kLoops =
    "unused addresses of the node's pod CIDR are not caught and loop between node and fabric";

}  // namespace

Finding pods_node_cidr(const Facts& facts) {
  if (facts.policy.mode == node::Mode::azure_cni)
    return Finding::skip("Azure CNI gives pods addresses of the subnet");
  const auto& told = facts.node_cidrs;
  if (!told.refused.empty()) {
    return Finding::warn(
        fmt::format("{}: no sink is made for that", told.refused),
        "it would catch what is no pod's; without one, unused addresses of the node's pod CIDR loop "
        "between node and fabric",
        remedy::edit_configuration(
            "set pods.cluster_cidrs in /etc/calico-azure-agent/config.toml to the whole "
            "range that the cluster gives its pods"));
  }
  if (const auto dispute = dispute_over_node_cidrs(facts); !dispute.empty()) {
    if (told.disagreement.empty()) {
      const auto cidrs = net::joined(told.cidrs);
      return Finding::warn(
          fmt::format("{}: {} is used", dispute, cidrs),
          "other nodes' pods of the range that is used cannot be reached from here",
          told.source == "kubernetes"
              ? remedy::edit(
                    "find out whose {} is: where it is of another node, drain {}, delete its Node object and "
                    "restart its kubelet, where it is of this node, drain it for its pods to get such "
                    "addresses",
                    cidrs, node_word(facts))
              : remedy::edit("find out whose {} is, and mend what {} says where it is of another node", cidrs,
                             told.source));
    }
    return Finding::warn(
        fmt::format("{}: {} is used", dispute, net::joined(told.cidrs)),
        "one of them makes routes for pods that are not here",
        remedy::edit_configuration(
            "make pods.node_cidrs in /etc/calico-azure-agent/config.toml empty, or what spec.podCIDRs of the "
            "node is"));
  }
  if (!facts.policy.node_cidrs.empty()) {
    return Finding::pass(fmt::format("{}{}", net::joined(facts.policy.node_cidrs),
                                     told.kept ? fmt::format(", as {} last said", told.source) : ""));
  }
  const auto source = facts.policy.node_cidr_source;
  if (source != node::NodeCidrSource::automatic) {
    const bool is_misnamed =
        source == node::NodeCidrSource::kubernetes && node::is_another_machines(facts.cloud_state.node);
    return Finding::fail(
        fmt::format("this node's pod CIDR is not known: {}", silence_of(facts, source)), kLoops,
        is_misnamed
            ? name_own_node(facts)
            : remedy::edit_configuration("set pods.node_cidrs in /etc/calico-azure-agent/config.toml to what "
                                         "spec.podCIDRs of this node "
                                         "is, or pods.node_cidr_source to auto"));
  }
  return Finding::unless_required(
      "this node's pod CIDR is not known: pods.node_cidrs is empty, neither the API server nor Azure's route "
      "table tells; only the cluster routes are programmed, unused pod addresses are not caught",
      kLoops,
      remedy::edit_configuration(
          "set pods.node_cidrs in /etc/calico-azure-agent/config.toml to what spec.podCIDRs "
          "of this node is"));
}

Finding pods_overlap(const Facts& facts) {
  if (facts.policy.mode == node::Mode::azure_cni)
    return Finding::skip("Azure CNI gives pods addresses of the subnet");
  if (!facts.network) return Finding::unknown("no document from IMDS yet");
  const auto remedy = [](const std::string& cidr) {
    return remedy::edit_configuration(
        "give pods a range outside the VM subnet instead of {}, in the cluster and in "
        "/etc/calico-azure-agent/config.toml",
        cidr);
  };
  if (!facts.desired.withheld.empty()) {
    return Finding::fail(fmt::format("{} lies inside the NIC's own subnet: its route is not made",
                                     net::joined(facts.desired.withheld)),
                         "such a route would cut this node off from its neighbours in the subnet",
                         remedy(facts.desired.withheld.front().text()));
  }
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  for (const auto* list : {&facts.policy.cluster_cidrs, &facts.policy.node_cidrs}) {
    for (const auto& cidr : *list) {
      for (const auto& subnet : facts.nic.nic->azure.subnets) {
        if (!cidr.contains(subnet)) continue;
        return Finding::warn(
            fmt::format("{} contains the NIC's own subnet {}", cidr.text(), subnet.text()),
            "the subnet stays reachable by its longer prefix, but pods may be given its addresses",
            remedy(cidr.text()));
      }
    }
  }
  if (auto other = captured_elsewhere(facts)) return *other;
  return Finding::pass(
      "no pod CIDR touches the NIC's subnet, another link's, Azure's own or a known service's addresses");
}

}  // namespace checks
