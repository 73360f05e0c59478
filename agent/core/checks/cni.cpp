#include <fmt/format.h>

#include <algorithm>

#include "agent/core/checks/checks.h"
#include "agent/core/checks/pod_network.h"

namespace agent {
namespace {

/// Whether the mode's pods can be the work of this plug-in.
bool fits(Mode mode, const net::CniPlugin& main) {
  const auto& type = main.type;
  switch (mode) {
    case Mode::udr:
      return (type == "calico" || type == "bridge" || type == "ptp") && main.ipam == "host-local";
    case Mode::flannel:
      return type == "flannel" || (type == "calico" && main.ipam == "host-local");
    case Mode::azure_cni:
      return type == "azure-vnet" || main.ipam == "azure-vnet-ipam";
    case Mode::calico_vxlan:
      return type == "calico" && main.ipam == "calico-ipam";
  }
  return false;
}

/// The file that should win: the first that fits the mode, or else the one that does.
const net::CniFile& meant(Mode mode, const net::CniConfiguration& configuration, const net::CniFile& winner) {
  const auto& files = configuration.files;
  const auto found = std::find_if(files.begin(), files.end(), [mode](const auto& file) {
    return file.problem.empty() && file.main() != nullptr && fits(mode, *file.main());
  });
  return found == files.end() ? winner : *found;
}

/// The winner, unless it stands in the way of the one that is meant: then cni.winner alone speaks.
Seen<CniWinner> meant_winner(const Facts& facts) {
  auto winner = seen_winner(facts);
  if (!winner) return winner;
  const auto& configuration = *facts.surroundings.cni->configuration;
  if (&meant(facts.policy.mode, configuration, *winner->file) == winner->file) return winner;
  return tl::unexpected<Finding>(
      Finding::unknown(fmt::format("{} is in the way, see cni.winner", shown(winner->file->path))));
}

Finding broken(const net::CniFile& file) {
  return Finding::warn(
      fmt::format("{} comes first and cannot be used: {}", shown(file.path), shown(file.problem)),
      "containerd stops at a file that it cannot read: no pod starts",
      fmt::format("mv {0} {0}.broken   # calico-node, flannel or azure-cns writes its own again at its start",
                  pasted(file.path)));
}

Finding several(Mode mode, const net::CniConfiguration& configuration, const net::CniFile& winner) {
  const auto& kept = meant(mode, configuration, winner);
  std::string others;
  std::string command = "rm";
  for (const auto& file : configuration.files) {
    if (!file.problem.empty()) continue;
    if (&file != &winner) others += fmt::format("{}{}", others.empty() ? "" : ", ", shown(file.path));
    if (&file != &kept) command += " " + pasted(file.path);
  }
  return Finding::warn(
      fmt::format("{} wins over {}", shown(winner.path), others),
      "the runtime takes the first by name: what was left behind decides how new pods are connected",
      fmt::format("{}   # {} stays, for mode {}", command, shown(kept.path), mode_name(mode)));
}

std::string plugin_text(const net::CniPlugin& main) {
  return main.ipam.empty() ? shown(main.type) : fmt::format("{} with {}", shown(main.type), shown(main.ipam));
}

Finding as_it_should_be(const CniWinner& winner) { return Finding::pass(plugin_text(*winner.main)); }

Finding not_judged(const Facts& facts, const CniWinner& winner) {
  return Finding::skip(
      fmt::format("{} is not judged in mode {}", plugin_text(*winner.main), mode_name(facts.policy.mode)));
}

std::string node_cidr_ipam(const Facts& facts, const net::CniPlugin& main) {
  if (main.type == "calico") return "\"ipam\": {\"type\": \"host-local\", \"subnet\": \"usePodCidr\"}";
  if (main.type == "flannel") return "\"delegate\": {\"ipam\": {\"type\": \"host-local\"}}";
  const auto& own = facts.policy.node_cidrs;
  return fmt::format("\"ipam\": {{\"type\": \"host-local\", \"subnet\": \"{}\"}}",
                     own.empty() ? "THE_NODES_POD_CIDR" : own.front().text());
}

/// Addresses that the packets' way does not follow.
Finding astray(const Facts& facts, const CniWinner& winner, const std::string& from) {
  return Finding::warn(
      fmt::format("{}: {} gives pods addresses {}", shown(winner.file->path), plugin_text(*winner.main),
                  from),
      facts.policy.mode == Mode::udr
          ? "Azure's route table leads to the node's pod CIDR alone: these addresses are sent elsewhere"
          : "flannel leads to the node's pod CIDR alone: these addresses are sent elsewhere",
      fmt::format(
          "# set {} in {} and in whatever writes it (install-cni's ConfigMap, kubelet's template), then "
          "delete this node's pods",
          node_cidr_ipam(facts, *winner.main), shown(winner.file->path)));
}

/// host-local takes what the file says, and has to say this node's pod CIDR.
Finding range_of_host_local(const Facts& facts, const CniWinner& winner) {
  const auto& subnet = winner.main->subnet;
  if (subnet.empty() || subnet.starts_with("usePodCidr")) return as_it_should_be(winner);
  if (auto nothing = without_node_cidrs(facts)) return *nothing;
  const auto range = net::Prefix::parse(subnet);
  if (!range) {
    return Finding::unknown(
        fmt::format("{}: ipam.subnet {} is no network", shown(winner.file->path), shown(subnet)));
  }
  const auto& own = facts.policy.node_cidrs;
  if (std::any_of(own.begin(), own.end(), [&range](const auto& cidr) { return cidr.contains(*range); }))
    return Finding::pass(fmt::format("{} of {}", plugin_text(*winner.main), range->text()));
  return astray(facts, winner,
                fmt::format("of {}, outside this node's pod CIDR {}", range->text(), node_cidrs_text(facts)));
}

Finding ipam_of_node_cidr(const Facts& facts, const CniWinner& winner) {
  const auto& main = *winner.main;
  if (main.type == "calico" && main.ipam == "calico-ipam")
    return astray(facts, winner, "outside the node's pod CIDR");
  if (main.ipam == "host-local") return range_of_host_local(facts, winner);
  if (main.type == "flannel" && facts.policy.mode == Mode::flannel) {
    // flannel delegates to host-local with its own subnet unless it is told otherwise.
    return main.ipam.empty() ? as_it_should_be(winner) : astray(facts, winner, "that flannel does not know");
  }
  return not_judged(facts, winner);
}

Finding ipam_of_calico_vxlan(const Facts& facts, const CniWinner& winner) {
  const auto& main = *winner.main;
  if (main.type != "calico" || (main.ipam != "host-local" && main.ipam != "calico-ipam"))
    return not_judged(facts, winner);
  if (main.ipam == "calico-ipam") return as_it_should_be(winner);
  return Finding::warn(
      fmt::format("{}: host-local with Calico's VXLAN", shown(winner.file->path)),
      "Calico's VXLAN leads to the blocks of calico-ipam: tigera-operator refuses it with host-local",
      fmt::format("# set \"ipam\": {{\"type\": \"calico-ipam\"}} in {} and in the ConfigMap that install-cni "
                  "writes it from, then delete this node's pods",
                  shown(winner.file->path)));
}

Finding ipam_of_azure_cni(const Facts& facts, const CniWinner& winner) {
  const auto& main = *winner.main;
  const auto& file = winner.file->path;
  if (main.type == "calico" && main.ipam == "azure-vnet-ipam") {
    if (!main.subnet.empty()) return as_it_should_be(winner);
    const auto* nic = facts.nic.nic ? &facts.nic.nic->azure : nullptr;
    return Finding::warn(
        fmt::format("{}: calico with azure-vnet-ipam, which is given no subnet", shown(file)),
        "without it azure-vnet-ipam leases a pool for each pod, until there is none",
        fmt::format("# set \"ipam\": {{\"type\": \"azure-vnet-ipam\", \"subnet\": \"{}\"}} in {}",
                    nic != nullptr && !nic->subnets.empty() ? nic->subnets.front().text() : "THE_SUBNET",
                    shown(file)));
  }
  if (main.type != "azure-vnet") return not_judged(facts, winner);
  for (const auto* known : {"azure-vnet-ipam", "azure-cns", "azure-ipam"}) {
    if (main.ipam == known) return as_it_should_be(winner);
  }
  return Finding::warn(fmt::format("{}: {}", shown(file), plugin_text(main)),
                       "pods get addresses that Azure did not give this NIC, and Azure drops their packets",
                       fmt::format("# set \"ipam\": {{\"type\": \"azure-vnet-ipam\"}} in {}, or azure-cns "
                                   "where that gives the addresses",
                                   shown(file)));
}

std::string installer_of(const Facts& facts, const std::string& type) {
  if (type == "calico") return kubectl_pods(facts, "delete", kCalicoNode);
  if (type == "flannel") return kubectl_pods(facts, "delete", "app=flannel");
  if (type == "azure-vnet") return kubectl_pods(facts, "delete", "k8s-app=azure-cns");
  return "apt-get install --reinstall containernetworking-plugins kubernetes-cni   # where they come from";
}

}  // namespace

Finding cni_winner(const Facts& facts) {
  const auto cni = seen_cni(facts);
  if (!cni) return cni.error();
  const auto& configuration = (*cni)->configuration;
  constexpr auto kAwaited = "calico-node, flannel or Azure CNI's installer writes one";
  if (!configuration) {
    const auto& error = configuration.error();
    return Finding::unknown(error.code.value() == ENOENT ? fmt::format("{}: {}", error.what, kAwaited)
                                                         : error.what);
  }
  const auto& files = configuration->files;
  if (files.empty()) {
    return Finding::unknown(
        fmt::format("no CNI configuration in {} yet: {}", configuration->folder, kAwaited));
  }
  if (!files.front().problem.empty()) return broken(files.front());
  const auto& winner = files.front();
  if (usable_files(*configuration) > 1) return several(facts.policy.mode, *configuration, winner);
  if (winner.main() == nullptr)
    return Finding::unknown(fmt::format("{} names no plug-in", shown(winner.path)));
  return Finding::pass(fmt::format("{} wins: {}", shown(winner.path), plugin_text(*winner.main())));
}

Finding cni_plugins(const Facts& facts) {
  const auto winner = meant_winner(facts);
  if (!winner) return winner.error();
  const auto& configuration = *facts.surroundings.cni->configuration;
  const auto& missing = configuration.missing_programs;
  if (missing.empty() && !configuration.unknown_programs.empty())
    return Finding::unknown(configuration.unknown_programs);
  if (missing.empty()) return Finding::pass("every program that the configuration names is there");
  return Finding::warn(missing.size() == 1
                           ? shown(missing.front())
                           : fmt::format("{}, and {} more", shown(missing.front()), missing.size() - 1),
                       "no pod starts without it: who installs the CNI plug-ins did not finish",
                       installer_of(facts, winner->main->type));
}

Finding cni_ipam(const Facts& facts) {
  const auto winner = meant_winner(facts);
  if (!winner) return winner.error();
  switch (facts.policy.mode) {
    case Mode::udr:
    case Mode::flannel:
      return ipam_of_node_cidr(facts, *winner);
    case Mode::calico_vxlan:
      return ipam_of_calico_vxlan(facts, *winner);
    case Mode::azure_cni:
      return ipam_of_azure_cni(facts, *winner);
  }
  return not_judged(facts, *winner);
}

}  // namespace agent
