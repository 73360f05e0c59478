#include <fmt/format.h>

#include <algorithm>

#include "checks/checks.h"
#include "checks/pod_network.h"
#include "node/mode.h"

namespace checks {
namespace {

remedy::Remedy set_aside(const observed::CniFile& file) {
  if (file.has_odd_name) {
    return remedy::edit(
        "no command is given, for the name of {} holds control characters: ls -b shows it, and the file has "
        "to "
        "end in .disabled",
        file.path);
  }
  return remedy::command("mv {0} {0}.disabled", file.path);
}

Finding broken(const observed::CniFile& file) {
  return Finding::warn(
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
  return Finding::warn(fmt::format("{} wins over {}, which fits mode {}", sanitized(network.file->path),
                                   sanitized(meant.path), node::mode_name(facts.policy.mode)),
                       "the runtime takes the first by name: what was left behind decides how new pods are "
                       "connected",
                       way_free(network, meant));
}

/// The winner makes no network of pods, though another file would.
Finding not_for_pods(const observed::CniFile& winner, const observed::CniFile& meant,
                     const std::string& why) {
  return Finding::warn(fmt::format("{}, and wins over {}", why, sanitized(meant.path)),
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
  if (type == "calico") return restart_pods(facts, kCalicoNode);
  if (type == "flannel") return restart_pods(facts, "app=flannel");
  if (type == "azure-vnet") return restart_pods(facts, "k8s-app=azure-cns");
  if (type == "bridge" || type == "ptp")
    return remedy::edit(
        "install the reference plug-ins again: the package containernetworking-plugins or "
        "kubernetes-cni, or whatever brought them into /opt/cni/bin");
  return remedy::edit("let what installs {} on nodes do so again", type);
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
  const auto& configuration = *facts.environment.cni->configuration;
  const auto& missing = configuration.missing_programs;
  if (missing.empty() && !configuration.unknown_programs.empty())
    return Finding::unknown(configuration.unknown_programs);
  if (missing.empty()) return Finding::pass("every program that the configuration names is there");
  return Finding::warn(missing.size() == 1
                           ? sanitized(missing.front())
                           : fmt::format("{}, and {} more", sanitized(missing.front()), missing.size() - 1),
                       "no pod starts without it: who installs the CNI plug-ins did not finish",
                       installer_of(facts, network->main->type));
}

}  // namespace checks
