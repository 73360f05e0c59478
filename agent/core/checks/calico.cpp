#include <fmt/format.h>

#include <algorithm>

#include "agent/core/checks/checks.h"
#include "agent/core/checks/pod_network.h"

namespace agent {
namespace {

constexpr std::uint8_t kBird = 12;  // RTPROT_BIRD, linux/rtnetlink.h
constexpr auto kIpIpTunnel = "tunl0";

Finding no_calico() { return Finding::skip("there is no sign of Calico on this node"); }

/// Felix takes a list: "cali,azv".
bool lists_prefix(std::string_view list, std::string_view prefix) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == prefix) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

/// A prefix that Felix has to know, and why.
struct NeededPrefix {
  std::string_view prefix;
  std::string since;
};

std::vector<NeededPrefix> needed_prefixes(const Facts& facts) {
  std::vector<NeededPrefix> needed;
  const auto of_links = [&](std::string_view prefix, bool (*is_theirs)(const net::Link&)) {
    const auto first = std::find_if(facts.links.begin(), facts.links.end(), is_theirs);
    if (first != facts.links.end())
      needed.push_back({prefix, fmt::format("pods have links such as {}", first->name)});
  };
  of_links("cali", is_calicos);
  of_links("azv", is_azures);
  if (!needed.empty() || facts.policy.mode != Mode::azure_cni) return needed;
  const auto winner = seen_winner(facts);
  if (winner && winner->main->type == "azure-vnet")
    needed.push_back({"azv", "azure-vnet names pods' links azv*"});
  return needed;
}

/// What Calico's own routing left in the kernel.
struct Residue {
  std::size_t of_bird = 0;
  std::size_t by_tunnel = 0;
  std::optional<net::Address> tunnel_address;  ///< of the node's pod CIDR

  [[nodiscard]] bool any() const { return of_bird + by_tunnel > 0 || tunnel_address.has_value(); }
};

Residue residue_of(const Facts& facts, const net::DataPlane* plane) {
  Residue residue;
  const auto* tunnel = link_named(facts, kIpIpTunnel);
  const auto leads_by = [](const net::Route& route, const net::Link* link) {
    return link != nullptr && route.device == link->index;
  };
  if (tunnel != nullptr) {
    for (const auto& each : tunnel->addresses) {
      if (is_of_this_node(facts, each.address)) residue.tunnel_address = each.address;
    }
  }
  if (plane == nullptr) return residue;
  for (const auto& route : plane->routes) {
    if (leads_by(route, tunnel)) {
      ++residue.by_tunnel;
    } else if (route.protocol == kBird) {
      ++residue.of_bird;
    }
  }
  return residue;
}

std::string residue_text(const Facts& facts, const Residue& residue) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  const auto routes = [](std::size_t count) {
    return count == 1 ? std::string("1 route") : fmt::format("{} routes", count);
  };
  if (residue.tunnel_address)
    add(fmt::format("{} has {} of this node's pod CIDR", kIpIpTunnel, residue.tunnel_address->text()));
  if (residue.by_tunnel > 0) add(fmt::format("{} by {}", routes(residue.by_tunnel), kIpIpTunnel));
  if (residue.of_bird > 0) add(fmt::format("{} of BIRD (protocol {})", routes(residue.of_bird), kBird));
  const auto host = seen_host(facts);
  if (!host || !(*host)->calico_environment) return text;
  const auto& environment = *(*host)->calico_environment;
  const auto backend = environment.find("CALICO_NETWORKING_BACKEND");
  if (backend != environment.end() && backend->second == "bird")
    add("calico-node runs with CALICO_NETWORKING_BACKEND=bird");
  return text;
}

std::string clean_up(Mode mode, const Residue& residue) {
  std::string command;
  const auto add = [&command](std::string_view part) {
    command += fmt::format("{}{}", command.empty() ? "" : " && ", part);
  };
  if (residue.tunnel_address) add(fmt::format("ip address flush dev {}", kIpIpTunnel));
  if (residue.by_tunnel > 0) add(fmt::format("ip route flush dev {}", kIpIpTunnel));
  if (residue.of_bird > 0) add(fmt::format("ip route flush proto {}", kBird));
  return fmt::format(
      "{}   # first: ipipMode: Never in the IPPool; CALICO_NETWORKING_BACKEND={}, USE_POD_CIDR=true or "
      "NO_DEFAULT_POOLS=true in calico-node",
      command, mode == Mode::calico_vxlan ? "vxlan" : "none");
}

}  // namespace

Finding calico_node_name(const Facts& facts) {
  const auto winner = seen_winner(facts);
  const bool has_links = std::any_of(facts.links.begin(), facts.links.end(), is_calicos);
  if (winner && winner->main->type != "calico" && !has_links)
    return Finding::skip("no pod is Calico's plug-in's");
  if (!winner && !has_links) return winner.error();
  const auto cni = seen_cni(facts);
  if (!cni) return cni.error();
  const auto& name = (*cni)->calico_node_name;
  if (!name) {
    const auto& error = name.error();
    if (error.code.value() != ENOENT) return Finding::unknown(error.what);
    return Finding::unknown(error.what + ": calico/node has not started yet, or is older than 3.1");
  }
  if (facts.node_name.empty()) return Finding::unknown("the node's name in Kubernetes is not known");
  if (*name == facts.node_name)
    return Finding::pass(fmt::format("calico/node calls this node {}", shown(*name)));
  return Finding::warn(
      fmt::format("/var/lib/calico/nodename says {}, this node is {}", shown(*name), shown(facts.node_name)),
      "Calico's plug-in makes pods under a name that Felix does not look at: they get no policy and no route",
      "# set NODENAME of calico-node from spec.nodeName (fieldRef) and restart it, or kubernetes.node_name "
      "in "
      "/etc/calico-azure-agent/config.toml where that is wrong");
}

Finding calico_felix(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  if (!shows_calico(facts)) return no_calico();
  const auto& felix = (*host)->felix;
  if (!felix) {
    const auto& error = felix.error();
    if (error.code.value() != ECONNREFUSED) return Finding::unknown(error.what);
    return Finding::unknown(
        fmt::format("{}: Felix is down, or its health is off (FELIX_HEALTHENABLED)", error.what));
  }
  if (*felix == 200 || *felix == 204) return Finding::pass("Felix says that it is ready");
  if (*felix != 503) return Finding::unknown(fmt::format("Felix's /readiness answers {}", *felix));
  return Finding::warn("Felix says that it is not ready: its /readiness answers 503",
                       "policies and routes of new pods are not programmed",
                       kubectl_pods(facts, "get", kCalicoNode) +
                           " --output wide   # then kubectl logs of that pod, container calico-node");
}

Finding calico_interface_prefix(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  if (!shows_calico(facts)) return no_calico();
  const auto& environment = (*host)->calico_environment;
  if (!environment) return Finding::unknown(environment.error().what);
  const auto needed = needed_prefixes(facts);
  if (needed.empty()) return Finding::skip("no pod has a link that Felix would look at yet");
  const auto entry = environment->find("FELIX_INTERFACEPREFIX");
  const std::string prefix = entry == environment->end() ? "cali" : entry->second;
  for (const auto& each : needed) {
    if (lists_prefix(prefix, each.prefix)) continue;
    return Finding::warn(
        fmt::format("Felix looks at links named {}*, but {}", shown(prefix), each.since),
        "Felix polices only links with its prefix: policies are not enforced",
        fmt::format("kubectl set env --namespace kube-system daemonset/calico-node FELIX_INTERFACEPREFIX={}",
                    each.prefix));
  }
  return Finding::pass(fmt::format("Felix looks at links named {}*", shown(prefix)));
}

Finding calico_residue(const Facts& facts) {
  const auto plane = seen_data_plane(facts);
  const auto residue = residue_of(facts, plane ? *plane : nullptr);
  if (residue.any()) {
    return Finding::warn(residue_text(facts, residue),
                         "leftovers of Calico's BGP and IPIP: Azure drops IP in IP (protocol 4), and a pod "
                         "may be given tunl0's address",
                         clean_up(facts.policy.mode, residue));
  }
  if (!plane) return plane.error();
  return Finding::pass("no route of BIRD and none by a tunnel of Calico's is left");
}

}  // namespace agent
