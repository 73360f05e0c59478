#include <fmt/format.h>

#include <algorithm>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "node/mode.h"
#include "remedy/commands.h"

namespace checks {
namespace {

remedy::Remedy set_aside(const observed::CniFile& file) {
  if (file.has_odd_name) {
    return remedy::edit(
        "no command is given, for the name of {} holds control characters: ls -b shows it, and the file has "
        "to end in .disabled",
        file.path);
  }
  return remedy::command("mv {0} {0}.disabled", file.path);
}

Finding broken(const observed::CniFile& file) {
  return Finding::fail(
      fmt::format("{} comes first and cannot be used: {}", sanitized(file.path), sanitized(file.problem)),
      "containerd stops at a file that it cannot read: no pod starts",
      set_aside(file).note("calico-node, flannel or azure-cns writes its own again at its start"));
}

/// What takes the pods' network from the file that is meant.
remedy::Remedy way_free(const observed::CniNetwork& network, const observed::CniFile& meant) {
  if (network.by != nullptr)
    return remedy::edit("set clusterNetwork to {} in {}, and in what writes it", meant.path,
                        network.by->path);
  if (!node::is_known_plugin(*network.main)) {
    return remedy::edit_configuration(
        "where {1} is left over, mv {0} {0}.disabled, and where it is meant, set mode in "
        "/etc/calico-azure-agent/config.toml",
        network.file->path, network.main->type);
  }
  return set_aside(*network.file).note("{} stays: it fits the mode", meant.path);
}

Finding in_the_way(const Facts& facts, const observed::CniNetwork& network, const observed::CniFile& meant) {
  return Finding::fail(
      fmt::format("{} wins over {}, which fits mode {}", sanitized(network.file->path), sanitized(meant.path),
                  node::mode_name(facts.policy.mode)),
      "the runtime takes the first by name: what was left behind decides how new pods are connected",
      way_free(network, meant));
}

/// The winner makes no network of pods, though another file would.
Finding not_for_pods(const observed::CniFile& winner, const observed::CniFile& meant,
                     const std::string& why) {
  return Finding::fail(fmt::format("{}, and wins over {}", why, sanitized(meant.path)),
                       "the runtime takes the first by name, for pods too",
                       set_aside(winner).note("{} stays, and makes the network of pods", meant.path));
}

/// "10-calico.conflist wins: calico with host-local; 10-containerd-net.conflist waits behind it"
std::string order_text(const observed::CniConfiguration& configuration, const observed::CniNetwork& network) {
  auto text = fmt::format("{} wins: {}", sanitized(network.file->path), plugin_text(*network.main));
  if (network.by != nullptr) {
    text =
        fmt::format("{} wins: {} hands pods to {}{}", sanitized(network.by->path),
                    sanitized(network.by->main()->type), plugin_text(*network.main),
                    network.by == network.file ? "" : fmt::format(", in {}", sanitized(network.file->path)));
  }
  const auto* winner = configuration.winner();
  std::string waiting;
  for (const auto* file : configuration.of_pods()) {
    if (file != winner && file != network.file)
      waiting += fmt::format("{}{}", waiting.empty() ? "; behind it: " : ", ", sanitized(file->path));
  }
  return text + waiting;
}

/// What brings the plug-in's programs.
remedy::Remedy installer_of(const Facts& facts, const std::string& type) {
  if (type == "calico") return remedy::restart_pods(node_word(facts), kCalicoNode);
  if (type == "flannel") return remedy::restart_pods(node_word(facts), "app=flannel");
  if (type == "azure-vnet") return remedy::restart_pods(node_word(facts), "k8s-app=azure-cns");
  if (type == "bridge" || type == "ptp")
    return remedy::edit(
        "install the reference plug-ins again: the package containernetworking-plugins or kubernetes-cni, or "
        "whatever brought them into /opt/cni/bin");
  return remedy::edit("let what installs {} on nodes do so again", type);
}

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
  const auto network = configuration->network();
  if (network) {
    const auto* meant = meant_instead(facts);
    return meant != nullptr ? in_the_way(facts, *network, *meant)
                            : Finding::pass(order_text(*configuration, *network));
  }
  if (network.error().code.value() != ENOENT) return Finding::unknown(network.error().what);
  const auto* winner = configuration->winner();
  const auto meant = configuration->of_pods();
  if (winner != nullptr && !meant.empty()) return not_for_pods(*winner, *meant.front(), network.error().what);
  return Finding::unknown(fmt::format("{}: {}", network.error().what, kAwaited));
}

Finding cni_plugins(const Facts& facts) {
  const auto network = seen_network(facts);
  if (!network) return network.error();
  if (is_in_the_way(facts))
    return Finding::unknown(fmt::format("{} is in the way, see cni.winner", sanitized(network->file->path)));
  const auto& configuration = *facts.environment->cni->configuration;
  const auto& missing = configuration.missing_programs;
  if (missing.empty() && !configuration.unknown_programs.empty())
    return Finding::unknown(configuration.unknown_programs);
  if (missing.empty()) return Finding::pass("every program that the configuration names is there");
  return Finding::fail(missing.size() == 1
                           ? sanitized(missing.front())
                           : fmt::format("{}, and {} more", sanitized(missing.front()), missing.size() - 1),

                       installer_of(facts, network->main->type));
}

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
    return remedy::edit_installation().note(
        "spec.cni.ipam.type: HostLocal, then restart the pods of this node");
  if (main.type == "calico")
    return remedy::edit(
        "set \"ipam\": {{\"type\": \"host-local\", \"subnet\": \"usePodCidr\"}} in {} and in the ConfigMap "
        "that install-cni writes it from, then restart the pods of this node",
        file);
  if (main.type == "flannel")
    return remedy::edit(
        "set \"delegate\": {{\"ipam\": {{\"type\": \"host-local\"}}}} in {} and in the ConfigMap that it is "
        "written from, then restart the pods of this node",
        file);
  const auto& own = facts.policy.node_cidrs;
  return remedy::edit(
      "set \"ipam\": {{\"type\": \"host-local\", \"subnet\": \"{}\"}} in {} and in the template that it is "
      "written from, then restart the pods of this node",
      own.empty() ? std::string("THE_NODES_POD_CIDR") : own.front().text(), file);
}

/// Addresses that the packets' way does not follow.
Finding astray(const Facts& facts, const observed::CniNetwork& network, const std::string& from) {
  return Finding::fail(
      fmt::format("{}: {} gives pods addresses {}", sanitized(network.file->path), plugin_text(*network.main),
                  from),
      facts.policy.mode == node::Mode::udr
          ? "Azure's route table leads to the node's pod CIDR alone: these addresses are sent elsewhere"
          : "flannel leads to the node's pod CIDR alone: these addresses are sent elsewhere",
      use_node_cidr(facts, network));
}

/// host-local allocates from the file's subnet, which has to be this node's pod CIDR.
Finding range_of_host_local(const Facts& facts, const observed::CniNetwork& network) {
  const auto& subnet = network.main->subnet;
  if (subnet.empty() || subnet.starts_with("usePodCidr")) return as_it_should_be(network);
  if (auto nothing = without_node_cidrs(facts)) return *nothing;
  const auto range = net::Prefix::parse(subnet);
  if (!range) {
    return Finding::unknown(
        fmt::format("{}: ipam.subnet {} is no network", sanitized(network.file->path), sanitized(subnet)));
  }
  if (net::any_contains(facts.policy.node_cidrs, *range))
    return Finding::pass(fmt::format("{} of {}", plugin_text(*network.main), range->text()));
  return astray(facts, network,
                fmt::format("of {}, outside this node's pod CIDR {}", range->text(),
                            net::joined(facts.policy.node_cidrs)));
}

Finding ipam_of_node_cidr(const Facts& facts, const observed::CniNetwork& network) {
  const auto& main = *network.main;
  if (main.type == "calico" && main.ipam == "calico-ipam")
    return astray(facts, network, "outside the node's pod CIDR");
  if (main.ipam == "host-local" && node::is_known_plugin(main)) return range_of_host_local(facts, network);
  if (main.type == "flannel" && facts.policy.mode == node::Mode::flannel) {
    // flannel delegates to host-local with its own subnet unless configured otherwise.
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
  return Finding::fail(
      fmt::format("{}: host-local with Calico's VXLAN", sanitized(network.file->path)),
      "Calico's VXLAN leads to the blocks of calico-ipam: tigera-operator refuses it with host-local",
      remedy::edit("set \"ipam\": {{\"type\": \"calico-ipam\"}} in {} and in the ConfigMap that install-cni "
                   "writes it from, then restart the pods of this node",
                   network.file->path));
}

Finding ipam_of_azure_cni(const Facts& facts, const observed::CniNetwork& network) {
  const auto& main = *network.main;
  const auto& file = network.file->path;
  if (main.type == "calico" && main.ipam == "azure-vnet-ipam" && main.subnet.empty()) {
    const auto* nic = facts.nic.nic ? &facts.nic.nic->azure : nullptr;
    return Finding::fail(
        fmt::format("{}: calico with azure-vnet-ipam, which is given no subnet", sanitized(file)),
        "without it azure-vnet-ipam leases a pool for each pod, until there is none",
        remedy::edit(
            "set \"ipam\": {{\"type\": \"azure-vnet-ipam\", \"subnet\": \"{}\"}} in {}",
            nic != nullptr && !nic->subnets.empty() ? nic->subnets.front().text() : std::string("THE_SUBNET"),
            file));
  }
  if (!node::is_azure_plugin(main)) return not_judged(facts, network);
  if (main.ipam.starts_with("azure-")) return as_it_should_be(network);
  return Finding::fail(fmt::format("{}: {}", sanitized(file), plugin_text(main)),
                       "pods get addresses that Azure did not give this NIC, and Azure drops their packets",
                       remedy::edit("set \"ipam\": {{\"type\": \"azure-vnet-ipam\"}} in {}, or azure-cns "
                                    "where that gives the addresses",
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

std::vector<Check> rows_of_cni() {
  return {
      {.order = 250, .id = "cni.winner", .group = Group::cni, .look = cni_winner},
      {.order = 260,
       .id = "cni.plugins",
       .group = Group::cni,
       .once_installed = true,
       .why = "no pod starts without it: the installer of the CNI plug-ins did not finish",
       .look = cni_plugins},
      {.order = 270, .id = "cni.ipam", .group = Group::cni, .look = cni_ipam},
  };
}

}  // namespace checks
