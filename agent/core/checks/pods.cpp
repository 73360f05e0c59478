#include <fmt/format.h>

#include "agent/core/checks/checks.h"

namespace agent {
namespace {

std::string joined(const std::vector<net::Prefix>& prefixes) {
  std::string text;
  for (const auto& prefix : prefixes) text += fmt::format("{}{}", text.empty() ? "" : ", ", prefix.text());
  return text;
}

}  // namespace

Finding pods_node_cidr(const Facts& facts) {
  if (facts.policy.mode == Mode::azure_cni)
    return Finding::skip("Azure CNI gives pods addresses of the subnet");
  if (!facts.policy.node_cidrs.empty()) return Finding::pass(joined(facts.policy.node_cidrs));
  if (facts.policy.node_cidrs_demanded) {
    return Finding::fail(
        "this node's pod CIDR is not known: pods.node_cidrs is empty",
        "unused addresses of the node's pod CIDR are not caught and loop between node and fabric",
        "set pods.node_cidrs in /etc/calico-azure-agent/config.toml to this node's spec.podCIDRs");
  }
  return Finding::unknown(
      "this node's pod CIDR is not known: pods.node_cidrs is empty and nothing else can tell; only the "
      "cluster routes "
      "are programmed, unused pod addresses are not caught");
}

Finding pods_overlap(const Facts& facts) {
  if (!facts.network) return Finding::unknown("no document from IMDS yet");
  const auto remedy = [](std::string_view cidr) {
    return fmt::format(
        "give pods a range outside the VM subnet instead of {}, in the cluster and in "
        "/etc/calico-azure-agent/config.toml",
        cidr);
  };
  if (!facts.desired.withheld.empty()) {
    return Finding::fail(fmt::format("{} lies inside the NIC's own subnet: its route is not made",
                                     joined(facts.desired.withheld)),
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
  return Finding::pass("no pod CIDR touches the NIC's subnet");
}

}  // namespace agent
