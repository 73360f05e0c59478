#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/core/checks/checks.h"

namespace agent {
namespace {

/// Link-local addresses, IMDS among them, and the platform's own address: every VM needs them.
/// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
constexpr std::array<std::string_view, 2> kReserved = {"169.254.0.0/16", "168.63.129.16/32"};

bool is_of_node_cidr(const Facts& facts, const net::Prefix& prefix) {
  const auto& own = facts.policy.node_cidrs;
  return std::any_of(own.begin(), own.end(), [&prefix](const auto& cidr) { return cidr.contains(prefix); });
}

/// A pod CIDR that holds addresses which are somebody else's: another link's, the platform's, a service's.
/// Links inside this node's CIDR are the pods' own (cbr0, cni0, flannel.1, /32s).
std::optional<Finding> captured_elsewhere(const Facts& facts) {
  constexpr auto kOtherRange =
      "# give pods another range, in the cluster and in /etc/calico-azure-agent/config.toml";
  const auto warn = [](const net::Prefix& cidr, std::string_view whose, std::string_view other) {
    return Finding::warn(fmt::format("{} overlaps {} of {}", cidr.text(), other, whose),
                         "the longer prefix wins: pods with these addresses cannot be reached from this node",
                         kOtherRange);
  };
  std::vector<net::Prefix> all_reserved;
  all_reserved.reserve(kReserved.size());
  for (const auto reserved : kReserved) all_reserved.push_back(*net::Prefix::parse(reserved));
  for (const auto& cidr : facts.policy.cluster_cidrs) {
    for (const auto& reserved : all_reserved) {
      if (cidr.overlaps(reserved)) return warn(cidr, "Azure's platform", reserved.text());
    }
    for (const auto& service : facts.evidence.service_addresses) {
      if (!cidr.contains(service)) continue;
      return Finding::warn(
          fmt::format("{} holds {}, an address of a Kubernetes service", cidr.text(), service.text()),
          "what goes to a pod with a service's address reaches the service", kOtherRange);
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
std::string silence_of(const Facts& facts, NodeCidrSource source) {
  const auto& evidence = facts.evidence;
  switch (source) {
    case NodeCidrSource::kubernetes:
      if (!evidence.node) return "the API server has not been asked yet";
      return *evidence.node ? "spec.podCIDRs is empty, see kubernetes.node_cidr"
                            : evidence.node->error().what;
    case NodeCidrSource::route_table:
      if (!evidence.azure) return "Azure's route table has not been read yet";
      if (!evidence.azure->route_table) return evidence.azure->route_table.error().what;
      return "no route of Azure's route table leads to this NIC";
    case NodeCidrSource::flannel:
      if (!facts.surroundings.cni) return "flannel's subnet.env has not been read yet";
      return facts.surroundings.cni->flannel_lease ? "flannel's subnet.env names no FLANNEL_SUBNET"
                                                   : facts.surroundings.cni->flannel_lease.error().what;
    default:
      return "pods.node_cidrs is empty";
  }
}

}  // namespace

Finding pods_node_cidr(const Facts& facts) {
  if (facts.policy.mode == Mode::azure_cni)
    return Finding::skip("Azure CNI gives pods addresses of the subnet");
  const auto& told = facts.node_cidrs;
  if (!told.disagreement.empty()) {
    return Finding::warn(
        fmt::format("{}: {} is used", told.disagreement, net::joined(told.cidrs)),
        "one of them makes routes for pods that are not here",
        "# make pods.node_cidrs in /etc/calico-azure-agent/config.toml empty, or the node's spec.podCIDRs");
  }
  if (!facts.policy.node_cidrs.empty()) {
    return Finding::pass(fmt::format("{}{}", net::joined(facts.policy.node_cidrs),
                                     told.kept ? fmt::format(", as {} last said", told.source) : ""));
  }
  const auto source = facts.policy.node_cidr_source;
  if (source != NodeCidrSource::automatic) {
    return Finding::fail(
        fmt::format("this node's pod CIDR is not known: {}", silence_of(facts, source)),
        "unused addresses of the node's pod CIDR are not caught and loop between node and fabric",
        "# set pods.node_cidrs in /etc/calico-azure-agent/config.toml to this node's spec.podCIDRs, or "
        "pods.node_cidr_source to auto, above all where the kubelet waits for the agent");
  }
  return Finding::unknown(
      "this node's pod CIDR is not known: pods.node_cidrs is empty, neither the API server nor Azure's route "
      "table tells; "
      "only the cluster routes are programmed, unused pod addresses are not caught");
}

Finding pods_overlap(const Facts& facts) {
  if (facts.policy.mode == Mode::azure_cni)
    return Finding::skip("Azure CNI gives pods addresses of the subnet");
  if (!facts.network) return Finding::unknown("no document from IMDS yet");
  const auto remedy = [](std::string_view cidr) {
    return fmt::format(
        "# give pods a range outside the VM subnet instead of {}, in the cluster and in "
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

}  // namespace agent
