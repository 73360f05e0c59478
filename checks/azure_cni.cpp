#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "node/mode.h"
#include "remedy/commands.h"

namespace checks {
namespace {

/// azure-vnet holds its lock while it makes or removes one pod: seconds.
constexpr auto kLockMayBeHeld = std::chrono::minutes(5);

std::optional<Finding> not_azure_cni(const Facts& facts) {
  if (facts.policy.mode == node::Mode::azure_cni) return std::nullopt;
  return Finding::skip(fmt::format("mode {} has no Azure CNI", node::mode_name(facts.policy.mode)));
}

/// What the checks of those judge who give addresses, or why this one does not.
Seen<observed::CniNetwork> network_with_ipam(const Facts& facts,
                                             std::initializer_list<std::string_view> ipams) {
  if (auto skipped = not_azure_cni(facts)) return tl::unexpected<Finding>(*skipped);
  auto network = seen_network(facts);
  if (!network || std::find(ipams.begin(), ipams.end(), network->main->ipam) != ipams.end()) return network;
  return tl::unexpected<Finding>(
      Finding::skip(fmt::format("{} does not give pods addresses here", *ipams.begin())));
}

/// Nothing configures pods yet. Where azure-cns runs, it brings the configuration in the node's first minutes
/// (AKS since Kubernetes 1.32).
Finding without_configuration(const Facts& facts, const std::string& said) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  if ((*host)->cns) return Finding::unknown(said + ", and azure-cns, which may bring one, runs");
  if ((*host)->cns.error().code.value() != ECONNREFUSED) return Finding::unknown((*host)->cns.error().what);
  return Finding::fail(said + ", and no azure-cns runs that would bring one",
                       "kubelet reports the node's network as not ready: no pod starts",
                       remedy::list_pods(node_word(facts), "k8s-app=azure-cns")
                           .note("or install Azure CNI: 10-azure.conflist of azure-container-networking"));
}

/// Addresses of the NIC that pods may have, and those that they do have.
struct Addresses {
  std::size_t for_pods = 0;
  std::size_t in_use = 0;
  std::size_t unlisted = 0;  ///< of those in use, which IMDS does not list
};

Addresses addresses_of(const Facts& facts, const observed::AzureCniState& state) {
  Addresses addresses;
  const auto& own = facts.nic.nic->azure.addresses;
  const auto ipv4 = static_cast<std::size_t>(std::count_if(
      own.begin(), own.end(), [](const auto& each) { return each.family() == net::Family::ipv4; }));
  addresses.for_pods = ipv4 > 0 ? ipv4 - 1 : 0;  // the first is the node's own
  const auto links =
      static_cast<std::size_t>(std::count_if(facts.links->begin(), facts.links->end(), is_azures));
  addresses.in_use = state.pool ? state.pool->in_use : links;
  if (const auto plane = seen_data_plane(facts)) {
    for (const auto& pod : routed_pods(facts, **plane)) {
      const bool listed = std::find(own.begin(), own.end(), pod.address) != own.end();
      if (pod.address.family() == net::Family::ipv4 && !listed) ++addresses.unlisted;
    }
  }
  return addresses;
}

bool means_no_listener(int code) {
  constexpr std::array kCodes = {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNRESET};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

/// Another plug-in than Azure's makes pods' interfaces.
Finding not_azures(const Facts& facts, const observed::CniNetwork& network) {
  const auto& path = network.file->path;
  if (is_in_the_way(facts)) return Finding::unknown(fmt::format("{} wins, see cni.winner", sanitized(path)));
  if (node::contradiction_to(node::Mode::azure_cni, &*facts.environment->cni->configuration, *facts.links))
    return Finding::unknown(
        fmt::format("{} is {}, see cni.mode", sanitized(path), sanitized(network.main->type)));
  return Finding::fail(
      fmt::format("{} is {}, not azure-vnet", sanitized(path), sanitized(network.main->type)),
      "pods get no address of the virtual network, which mode azure-cni takes them to have",
      remedy::edit_configuration("install 10-azure.conflist of azure-container-networking, or set mode in "
                                 "/etc/calico-azure-agent/config.toml"));
}

Finding azure_cni_configuration(const Facts& facts) {
  if (auto skipped = not_azure_cni(facts)) return *skipped;
  const auto cni = seen_cni(facts);
  if (!cni) return cni.error();
  const auto& configuration = (*cni)->configuration;
  if (!configuration && configuration.error().code.value() != ENOENT)
    return Finding::unknown(configuration.error().what);
  if (!configuration) return without_configuration(facts, configuration.error().what);
  if (configuration->files.empty())
    return without_configuration(facts, fmt::format("no CNI configuration in {}", configuration->folder));
  const auto network = seen_network(facts);
  if (!network) return network.error();
  const auto& main = *network->main;
  const auto& path = network->file->path;
  if (!node::is_azure_plugin(main)) return not_azures(facts, *network);
  if (main.mode == "bridge" && shows_calico(facts)) {
    return Finding::fail(
        fmt::format("{}: azure-vnet is in mode bridge, and Calico is here", sanitized(path)),
        "pods on one bridge reach each other past Felix: policies between them are not enforced",
        remedy::command("sed -i.bridge 's/\"mode\": *\"bridge\"/\"mode\": \"transparent\"/' {}", path)
            .note("then drain this node and reboot it: its pods are made anew"));
  }
  return Finding::pass(main.mode.empty() ? fmt::format("{}: {}", sanitized(path), plugin_text(main))
                                         : fmt::format("{}: {} in mode {}", sanitized(path),
                                                       sanitized(main.type), sanitized(main.mode)));
}

Finding azure_cni_addresses(const Facts& facts) {
  const auto network = network_with_ipam(facts, {"azure-vnet-ipam"});
  if (!network) return network.error();
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  const auto& state = facts.environment->cni->azure;
  if (!state && state.error().code.value() != ENOENT) return Finding::unknown(state.error().what);
  const auto addresses = addresses_of(facts, state.value_or(observed::AzureCniState{}));
  const auto listed = addresses.in_use - std::min(addresses.in_use, addresses.unlisted);
  const auto free = addresses.for_pods - std::min(addresses.for_pods, listed);
  auto said = fmt::format("{} of {} addresses for pods on {} are free", free, addresses.for_pods,
                          facts.nic.nic->link.name);
  if (addresses.unlisted > 0) said += fmt::format(", {} in use are not in IMDS", addresses.unlisted);
  const auto remedy = remedy::edit(
      "add ipConfigurations to the NIC of this VM (az network nic ip-config create), or set maxPods of the "
      "kubelet to {}",
      addresses.for_pods);
  if (free == 0) return Finding::fail(said, "new pods fail with \"No available addresses\"", remedy);
  if (free * 10 < addresses.for_pods)
    return Finding::fail(said, "soon new pods fail with \"No available addresses\"", remedy);
  return Finding::pass(said);
}

Finding azure_cni_state(const Facts& facts) {
  if (auto skipped = not_azure_cni(facts)) return *skipped;
  const auto cni = seen_cni(facts);
  if (!cni) return cni.error();
  const auto& state = (*cni)->azure;
  if (!state && state.error().code.value() == ENOENT) return Finding::pass("Azure CNI has kept no state yet");
  if (!state) return Finding::unknown(state.error().what);
  if (!state->broken_files.empty()) {
    const auto more = state->broken_files.size() - 1;
    return Finding::fail(fmt::format("{}{}", sanitized(state->broken_files.front()),
                                     more > 0 ? fmt::format(", and {} more", more) : ""),
                         "azure-vnet stops at state that it cannot read: pods neither start nor go",
                         remedy::cordon(node_word(facts))
                             .note("then drain this node and reboot it: /var/run is empty after it"));
  }
  for (const auto& lock : state->locks) {
    if (lock.age <= kLockMayBeHeld) continue;
    return Finding::fail(
        fmt::format("{} has been held for {} min", sanitized(lock.path),
                    std::chrono::duration_cast<std::chrono::minutes>(lock.age).count()),
        "every start and end of a pod waits for it",
        remedy::command("fuser -v {}", lock.path)
            .note("where no process holds it, mv {0} {0}.disabled lets the next one have it", lock.path));
  }
  if (!state->unknown_locks.empty()) return Finding::unknown(state->unknown_locks);
  return Finding::pass("its files can be read, and no lock is old");
}

Finding azure_cni_cns(const Facts& facts) {
  // azure-ipam is a program that asks azure-cns, for Cilium.
  const auto network = network_with_ipam(facts, {"azure-cns", "azure-ipam"});
  if (!network) return network.error();
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& cns = (*host)->cns;
  if (!cns && cns.error().code.value() != ECONNREFUSED) return Finding::unknown(cns.error().what);
  if (cns && *cns == 200) return Finding::pass("azure-cns is ready");
  return Finding::fail(
      cns ? fmt::format("azure-cns is not ready: its /readyz answers {}", *cns)
          : fmt::format("azure-cns does not run: {}", cns.error().what),

      remedy::list_pods(node_word(facts), "k8s-app=azure-cns").note("then kubectl logs of that pod"));
}

Finding azure_cni_wire_server(const Facts& facts) {
  const auto network = network_with_ipam(facts, {"azure-vnet-ipam"});
  if (!network) return network.error();
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& wire_server = (*host)->wire_server;
  if (wire_server && *wire_server == 200)
    return Finding::pass(fmt::format("{} answers on port 80", node::kWireServerAddress));
  // Not the wire server's own answer, but that of who stands in between: the Guest Proxy Agent.
  if (wire_server)
    return Finding::unknown(
        fmt::format("{} port 80 answers {} to root", node::kWireServerAddress, *wire_server));
  if (!means_no_listener(wire_server.error().code.value())) return Finding::unknown(wire_server.error().what);
  return Finding::fail(
      wire_server.error().what,

      remedy::command("ip route get {}", node::kWireServerAddress)
          .note("then look for what denies it to root, a HostEndpoint of Calico or a firewall: the rules of "
                "waagent in iptables table security let root through and belong there"));
}

}  // namespace

std::vector<Check> rows_of_azure_cni() {
  return {
      {.order = 360, .id = "azure_cni.configuration", .group = Group::cni, .look = azure_cni_configuration},
      {.order = 370, .id = "azure_cni.addresses", .group = Group::cni, .look = azure_cni_addresses},
      {.order = 380, .id = "azure_cni.state", .group = Group::cni, .look = azure_cni_state},
      {.order = 390,
       .id = "azure_cni.cns",
       .group = Group::cni,
       .why = "new pods get no address",
       .look = azure_cni_cns},
      {.order = 400,
       .id = "azure_cni.wire_server",
       .group = Group::cni,
       .why = "azure-vnet-ipam asks it for the NIC's addresses: pods get none",
       .look = azure_cni_wire_server},
  };
}

}  // namespace checks
