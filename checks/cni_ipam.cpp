#include <fmt/format.h>

#include <algorithm>

#include "checks/checks.h"
#include "checks/pod_network.h"
#include "node/mode.h"

namespace checks {
namespace {

Finding as_it_should_be(const observed::CniNetwork& network) {
  return Finding::pass(plugin_text(*network.main));
}

Finding not_judged(const Facts& facts, const observed::CniNetwork& network) {
  return Finding::skip(fmt::format("{} is not judged in mode {}", plugin_text(*network.main),
                                   node::mode_name(facts.policy.mode)));
}

/// What makes the plug-in give addresses of the node's pod CIDR.
remedy::Remedy use_node_cidr(const Facts& facts, const observed::CniNetwork& network) {
  const auto& main = *network.main;
  const auto& file = network.file->path;
  if (main.type == "calico" && is_by_operator(facts))
    return remedy::command("kubectl edit installation default")
        .note("spec.cni.ipam.type: HostLocal, then restart the pods of this node");
  if (main.type == "calico")
    return remedy::edit(
        "set \"ipam\": {{\"type\": \"host-local\", \"subnet\": \"usePodCidr\"}} in {} and in the "
        "ConfigMap that install-cni writes it from, then restart the pods of this node",
        file);
  if (main.type == "flannel")
    return remedy::edit(
        "set \"delegate\": {{\"ipam\": {{\"type\": \"host-local\"}}}} in {} and in the ConfigMap that "
        "it is written from, then restart the pods of this node",
        file);
  const auto& own = facts.policy.node_cidrs;
  return remedy::edit(
      "set \"ipam\": {{\"type\": \"host-local\", \"subnet\": \"{}\"}} in {} and in the template that "
      "it is written from, then restart the pods of this node",
      own.empty() ? std::string("THE_NODES_POD_CIDR") : own.front().text(), file);
}

/// Addresses that the packets' way does not follow.
Finding astray(const Facts& facts, const observed::CniNetwork& network, const std::string& from) {
  return Finding::warn(
      fmt::format("{}: {} gives pods addresses {}", sanitized(network.file->path), plugin_text(*network.main),
                  from),
      facts.policy.mode == node::Mode::udr
          ? "Azure's route table leads to the node's pod CIDR alone: these addresses are sent elsewhere"
          : "flannel leads to the node's pod CIDR alone: these addresses are sent elsewhere",
      use_node_cidr(facts, network));
}

/// host-local takes what the file says, and has to say this node's pod CIDR.
Finding range_of_host_local(const Facts& facts, const observed::CniNetwork& network) {
  const auto& subnet = network.main->subnet;
  if (subnet.empty() || subnet.starts_with("usePodCidr")) return as_it_should_be(network);
  if (auto nothing = without_node_cidrs(facts)) return *nothing;
  const auto range = net::Prefix::parse(subnet);
  if (!range) {
    return Finding::unknown(
        fmt::format("{}: ipam.subnet {} is no network", sanitized(network.file->path), sanitized(subnet)));
  }
  const auto& own = facts.policy.node_cidrs;
  if (std::any_of(own.begin(), own.end(), [&range](const auto& cidr) { return cidr.contains(*range); }))
    return Finding::pass(fmt::format("{} of {}", plugin_text(*network.main), range->text()));
  return astray(facts, network,
                fmt::format("of {}, outside this node's pod CIDR {}", range->text(), node_cidrs_text(facts)));
}

Finding ipam_of_node_cidr(const Facts& facts, const observed::CniNetwork& network) {
  const auto& main = *network.main;
  if (main.type == "calico" && main.ipam == "calico-ipam")
    return astray(facts, network, "outside the node's pod CIDR");
  if (main.ipam == "host-local" && node::is_known_plugin(main)) return range_of_host_local(facts, network);
  if (main.type == "flannel" && facts.policy.mode == node::Mode::flannel) {
    // flannel delegates to host-local with its own subnet unless it is told otherwise.
    return main.ipam.empty() ? as_it_should_be(network)
                             : astray(facts, network, "that flannel does not know");
  }
  return not_judged(facts, network);
}

Finding ipam_of_calico_vxlan(const Facts& facts, const observed::CniNetwork& network) {
  const auto& main = *network.main;
  if (main.type != "calico" || (main.ipam != "host-local" && main.ipam != "calico-ipam"))
    return not_judged(facts, network);
  if (main.ipam == "calico-ipam") return as_it_should_be(network);
  return Finding::warn(
      fmt::format("{}: host-local with Calico's VXLAN", sanitized(network.file->path)),
      "Calico's VXLAN leads to the blocks of calico-ipam: tigera-operator refuses it with host-local",
      remedy::edit(
          "set \"ipam\": {{\"type\": \"calico-ipam\"}} in {} and in the ConfigMap that install-cni writes it "
          "from, then restart the pods of this node",
          network.file->path));
}

Finding ipam_of_azure_cni(const Facts& facts, const observed::CniNetwork& network) {
  const auto& main = *network.main;
  const auto& file = network.file->path;
  if (main.type == "calico" && main.ipam == "azure-vnet-ipam" && main.subnet.empty()) {
    const auto* nic = facts.nic.nic ? &facts.nic.nic->azure : nullptr;
    return Finding::warn(
        fmt::format("{}: calico with azure-vnet-ipam, which is given no subnet", sanitized(file)),
        "without it azure-vnet-ipam leases a pool for each pod, until there is none",
        remedy::edit(
            "set \"ipam\": {{\"type\": \"azure-vnet-ipam\", \"subnet\": \"{}\"}} in {}",
            nic != nullptr && !nic->subnets.empty() ? nic->subnets.front().text() : std::string("THE_SUBNET"),
            file));
  }
  if (!node::is_azure_plugin(main)) return not_judged(facts, network);
  if (main.ipam.starts_with("azure-")) return as_it_should_be(network);
  return Finding::warn(
      fmt::format("{}: {}", sanitized(file), plugin_text(main)),
      "pods get addresses that Azure did not give this NIC, and Azure drops their packets",
      remedy::edit("set \"ipam\": {{\"type\": \"azure-vnet-ipam\"}} in {}, or azure-cns where that "
                   "gives the addresses",
                   file));
}

}  // namespace

Finding cni_ipam(const Facts& facts) {
  const auto network = seen_network(facts);
  if (!network) return network.error();
  if (is_in_the_way(facts))
    return Finding::unknown(fmt::format("{} is in the way, see cni.winner", sanitized(network->file->path)));
  switch (facts.policy.mode) {
    case node::Mode::udr:
    case node::Mode::flannel:
      return ipam_of_node_cidr(facts, *network);
    case node::Mode::calico_vxlan:
      return ipam_of_calico_vxlan(facts, *network);
    case node::Mode::azure_cni:
      return ipam_of_azure_cni(facts, *network);
  }
  return not_judged(facts, *network);
}

}  // namespace checks
