#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "checks/remedies.h"
#include "node/own_node.h"

namespace checks {
namespace {

/// Link-local addresses, IMDS among them, and the platform's own address: every VM needs them.
/// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
constexpr std::array<std::string_view, 2> kReserved = {"169.254.0.0/16", "168.63.129.16/32"};

/// What AKS keeps for itself; elsewhere they are ordinary ranges (OpenShift's services use one).
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

remedy::Remedy leave_the_subnet(const net::Prefix& cidr) {
  return remedy::edit_configuration(
      "give pods a range outside the VM subnet instead of {}, in the cluster and in "
      "/etc/calico-azure-agent/config.toml",
      cidr.text());
}

/// A pod CIDR that is larger than the NIC's own subnet, and around it.
std::optional<Finding> around_the_subnet(const Facts& facts) {
  for (const auto* list : {&facts.policy.cluster_cidrs, &facts.policy.node_cidrs}) {
    for (const auto& cidr : *list) {
      for (const auto& subnet : facts.nic.nic->azure.subnets) {
        if (!cidr.contains(subnet)) continue;
        return Finding::fail(
            fmt::format("{} contains the NIC's own subnet {}", cidr.text(), subnet.text()),
            "the subnet stays reachable by its longer prefix, but pods may be given its addresses",
            leave_the_subnet(cidr));
      }
    }
  }
  return std::nullopt;
}

/// A pod CIDR that contains addresses of another link, of Azure's platform or of a service.
/// Links inside this node's CIDR are the pods' own (cbr0, cni0, flannel.1, /32s).
std::optional<Finding> captured_elsewhere(const Facts& facts) {
  const auto warn = [](const net::Prefix& cidr, std::string_view whose, std::string_view other) {
    return Finding::fail(fmt::format("{} overlaps {} of {}", cidr.text(), other, whose),
                         "the longer prefix wins: pods with these addresses cannot be reached from this node",
                         give_another_range());
  };
  for (const auto& cidr : facts.policy.cluster_cidrs) {
    if (const auto range = overlapped(cidr, kReserved)) return warn(cidr, "Azure's platform", *range);
    if (const auto range = overlapped(cidr, kReservedByAks); range && is_run_by_aks(facts)) {
      return Finding::fail(fmt::format("{} overlaps {}, which AKS keeps for itself", cidr.text(), *range),
                           "AKS uses these addresses on its nodes and refuses them for pods",
                           give_another_range());
    }
    for (const auto& service : facts.cloud_state->service_addresses) {
      if (!cidr.contains(service)) continue;
      return Finding::fail(
          fmt::format("{} holds {}, an address of a Kubernetes service", cidr.text(), service.text()),
          "what goes to a pod with a service's address reaches the service", give_another_range());
    }
    if (facts.policy.node_cidrs.empty()) continue;  // whose links these are is not known
    for (const auto& link : *facts.links) {
      for (const auto& each : link.addresses) {
        const auto prefix = net::Prefix::around(each.address, each.prefix_length);
        if (!prefix || link.index == facts.nic.nic->link.index || !cidr.overlaps(*prefix)) continue;
        const bool range = prefix->length() < net::address_bits(prefix->family());
        if (range && !net::any_contains(facts.policy.node_cidrs, *prefix))
          return warn(cidr, link.name, prefix->text());
      }
    }
  }
  return std::nullopt;
}

/// Why the configured source has no CIDR for this node.
std::string silence_of(const Facts& facts, node::NodeCidrSource source) {
  const auto& cloud_state = *facts.cloud_state;
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
      if (!facts.environment->cni) return "flannel's subnet.env has not been read yet";
      return facts.environment->cni->flannel_lease ? "flannel's subnet.env names no FLANNEL_SUBNET"
                                                   : facts.environment->cni->flannel_lease.error().what;
    default:
      return "pods.node_cidrs is empty";
  }
}

constexpr auto kLoops =
    "unused addresses of the node's pod CIDR are not caught and loop between node and fabric";

/// Another source, or what is on this node, does not agree with the pod CIDRs in use.
std::optional<Finding> contradicted(const Facts& facts) {
  const auto& told = facts.node_cidrs;
  if (!told.refused.empty()) {
    return Finding::fail(
        fmt::format("{}: no sink route is made for it", told.refused),
        "it would drop packets to addresses of others; without one, unused addresses of the node's pod CIDR "
        "loop between node and fabric",
        remedy::edit_configuration("correct the one that is wrong: pods.cluster_cidrs in "
                                   "/etc/calico-azure-agent/config.toml is the whole range that the cluster "
                                   "gives its pods, and the CIDR of a node a part of it"));
  }
  if (const auto dispute = dispute_over_node_cidrs(facts); !dispute.empty()) {
    if (told.disagreement.empty()) {
      const auto cidrs = net::joined(told.cidrs);
      return Finding::fail(
          fmt::format("{}: {} is used", dispute, cidrs),
          "other nodes' pods of the range that is used cannot be reached from here",
          told.source == "kubernetes"
              ? remedy::edit("find out whose {} is: where it is of another node, drain {}, delete its Node "
                             "object and restart its kubelet, where it is of this node, drain it for its "
                             "pods to get such addresses",
                             cidrs, node_word(facts))
              : remedy::edit("find out whose {} is, and correct what {} says where it is of another node",
                             cidrs, told.source));
    }
    return Finding::fail(
        fmt::format("{}: {} is used", dispute, net::joined(told.cidrs)),
        "one of them makes routes for pods that are not here",
        remedy::edit_configuration("make pods.node_cidrs in /etc/calico-azure-agent/config.toml empty, or "
                                   "what spec.podCIDRs of the node is"));
  }
  return std::nullopt;
}

Finding pods_node_cidr(const Facts& facts) {
  if (facts.policy.mode == node::Mode::azure_cni)
    return Finding::skip("Azure CNI gives pods addresses of the subnet");
  if (auto contradiction = contradicted(facts)) {
    contradiction->advisory = true;
    return *contradiction;
  }
  if (!facts.policy.node_cidrs.empty()) {
    return Finding::pass(fmt::format(
        "{}{}", net::joined(facts.policy.node_cidrs),
        facts.node_cidrs.kept ? fmt::format(", as last known from {}", facts.node_cidrs.source) : ""));
  }
  const auto source = facts.policy.node_cidr_source;
  if (source != node::NodeCidrSource::automatic) {
    const bool is_misnamed =
        source == node::NodeCidrSource::kubernetes && node::is_another_machines(facts.cloud_state->node);
    return Finding::fail(
        fmt::format("this node's pod CIDR is not known: {}", silence_of(facts, source)), kLoops,
        is_misnamed
            ? name_own_node(facts)
            : remedy::edit_configuration("set pods.node_cidrs in /etc/calico-azure-agent/config.toml to what "
                                         "spec.podCIDRs of this node is, or pods.node_cidr_source to auto"));
  }
  return Finding::unless_required(
      fmt::format("this node's pod CIDR is not known: pods.node_cidrs is empty, neither the API server nor "
                  "Azure's route table tells; {}, unused pod addresses are not caught",
                  facts.policy.cluster_cidrs.empty()
                      ? "with pods.cluster_cidrs empty too no route is programmed"
                      : "only the cluster routes are programmed"),
      kLoops,
      remedy::edit_configuration("set pods.node_cidrs in /etc/calico-azure-agent/config.toml to what "
                                 "spec.podCIDRs of this node is"));
}

Finding pods_overlap(const Facts& facts) {
  if (facts.policy.mode == node::Mode::azure_cni)
    return Finding::skip("Azure CNI gives pods addresses of the subnet");
  if (!facts.network) return Finding::unknown("no document from IMDS yet");
  if (!facts.desired.withheld.empty() && facts.removals_held) {
    return Finding::unknown(fmt::format(
        "{} lies inside the NIC's own subnet, IMDS says now: its route stays until a second answer agrees",
        net::joined(facts.desired.withheld)));
  }
  if (!facts.desired.withheld.empty()) {
    return Finding::fail(fmt::format("{} lies inside the NIC's own subnet: its route is not made",
                                     net::joined(facts.desired.withheld)),
                         "such a route would cut this node off from its neighbours in the subnet",
                         leave_the_subnet(facts.desired.withheld.front()));
  }
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  auto overlap = around_the_subnet(facts);
  if (!overlap) overlap = captured_elsewhere(facts);
  if (overlap) {
    overlap->advisory = true;
    return *overlap;
  }
  return Finding::pass(
      "no pod CIDR touches the NIC's subnet, another link's, Azure's own or a known service's addresses");
}

}  // namespace

std::vector<Check> rows_of_pods() {
  return {
      {.order = 140,
       .id = "pods.node_cidr",
       .group = Group::cni,
       .gate = Gate::with_demanded_node_cidr,
       .advisory = "where it is known, and contradicted",
       .needs_kubelet = NeedsKubelet::unless_node_cidr_is_static,
       .look = pods_node_cidr},
      {.order = 150,
       .id = "pods.overlap",
       .group = Group::cni,
       .gate = Gate::with_pod_cidrs,
       .advisory = "outside the NIC's own subnet",
       .look = pods_overlap},
  };
}

}  // namespace checks
