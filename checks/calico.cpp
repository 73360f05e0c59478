#include <fmt/format.h>

#include <algorithm>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "net/foreign_text.h"
#include "node/own_node.h"
#include "remedy/commands.h"

namespace checks {
namespace {

Finding no_calico() { return Finding::skip("there is no sign of Calico on this node"); }

/// A prefix that Felix has to know, and why.
struct NeededPrefix {
  std::string_view prefix;
  std::string since;
};

std::vector<NeededPrefix> needed_prefixes(const Facts& facts) {
  std::vector<NeededPrefix> needed;
  const auto of_links = [&](std::string_view prefix, bool (*is_theirs)(const net::Link&)) {
    const auto first = std::find_if(facts.links->begin(), facts.links->end(), is_theirs);
    if (first != facts.links->end())
      needed.push_back({prefix, fmt::format("pods have links such as {}", first->name)});
  };
  of_links("cali", is_calicos);
  of_links("azv", is_azures);
  if (!needed.empty() || facts.policy.mode != node::Mode::azure_cni) return needed;
  const auto network = seen_network(facts);
  if (network && network->main->type == "azure-vnet")
    needed.push_back({"azv", "azure-vnet names pods' links azv*"});
  return needed;
}

/// The prefixes of links that Felix's rules send to its policies: "-A cali-FORWARD -i cali+ -j
/// cali-from-wl-dispatch", and in FORWARD itself with eBPF (felix/dataplane/linux/int_dataplane.go). Empty:
/// it has no rule in iptables, as with nftables.
std::string prefixes_in_rules(const observed::HostSettings& host) {
  std::string list;
  if (!host.packet_filters) return list;
  for (const auto& filter : *host.packet_filters) {
    for (const auto& chain : filter.forward) {
      for (const auto& rule : chain.rules) {
        if (!rule.by_felix || !rule.in.ends_with('+')) continue;
        const auto prefix = rule.in.substr(0, rule.in.size() - 1);
        if (!lists(list, prefix)) list += (list.empty() ? "" : ",") + prefix;
      }
    }
  }
  return list;
}

/// Felix's environment overrides its file and FelixConfiguration.
/// https://docs.tigera.io/calico/latest/reference/felix/configuration
std::string prefixes_in_environment(const observed::HostSettings& host) {
  if (!host.calico_environment) return "";
  const auto entry = host.calico_environment->find("FELIX_INTERFACEPREFIX");
  return entry == host.calico_environment->end() ? "" : entry->second;
}

remedy::Remedy set_prefixes(const Facts& facts, const std::vector<NeededPrefix>& needed, std::string list) {
  const auto& host = *facts.environment->host;
  for (const auto& each : needed) {
    if (!lists(list, each.prefix)) list += fmt::format("{}{}", list.empty() ? "" : ",", each.prefix);
  }
  if (!is_by_operator(facts)) {
    return remedy::command("kubectl set env --namespace {} daemonset/calico-node FELIX_INTERFACEPREFIX={}",
                           host.calico_namespace.empty() ? "kube-system" : host.calico_namespace, list);
  }
  if (prefixes_in_environment(host).empty()) {
    return remedy::patch_felix_configuration(
        fmt::format("{{\"spec\":{{\"interfacePrefix\":\"{}\"}}}}", list));
  }
  // Tigera's operator sets the environment from this alone (pkg/render/node.go).
  return remedy::edit_installation().note("spec.cni.type: {}, from which the operator sets Felix up",
                                          lists(list, "azv") ? "AzureVNET" : "Calico");
}

Finding calico_node_name(const Facts& facts) {
  const auto network = seen_network(facts);
  const bool has_links = std::any_of(facts.links->begin(), facts.links->end(), is_calicos);
  if (network && network->main->type != "calico" && !has_links)
    return Finding::skip("no pod is Calico's plug-in's");
  if (!network && !has_links) return network.error();
  const auto cni = seen_cni(facts);
  if (!cni) return cni.error();
  const auto& name = (*cni)->calico_node_name;
  if (!name) {
    const auto& error = name.error();
    if (error.code.value() != ENOENT) return Finding::unknown(error.what);
    return Finding::unknown(error.what + ": calico/node has not started yet, or is older than 3.1");
  }
  if (facts.node_name.empty()) return Finding::unknown("the node's name in Kubernetes is not known");
  // Kubernetes has small letters; calico/node keeps what NODENAME has, as its etcd datastore lets it.
  if (net::same_ignoring_case(*name, facts.node_name))
    return Finding::pass(fmt::format("calico/node calls this node {}", sanitized(*name)));
  if (node::is_another_machines(facts.cloud_state->node))
    return Finding::unknown("the agent does not know this node's name, see kubernetes.node_cidr");
  return Finding::fail(
      fmt::format("/var/lib/calico/nodename has {}, this node is {}", sanitized(*name),
                  sanitized(facts.node_name)),

      remedy::edit_configuration(
          "set NODENAME of calico-node from spec.nodeName (fieldRef) and restart it, or kubernetes.node_name "
          "in /etc/calico-azure-agent/config.toml where that is wrong"));
}

/// What a reporter of Felix's does, where its name does not say so.
std::string_view work_of(std::string_view reporter) {
  if (reporter == "FelixStartup") return "it has not got its configuration from the datastore";
  if (reporter == "CalculationGraph") return "it does not have all of the datastore yet";
  if (reporter == "InternalDataplaneMainLoop") return "it has not programmed the kernel";
  return "";
}

std::string who_holds_felix_back(const observed::HostSettings& host) {
  if (host.felix_reporters.empty()) return "its /readiness answers 503";
  std::string all;
  for (const auto& each : host.felix_reporters) {
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", sanitized(each.name), sanitized(each.readiness));
    if (const auto work = work_of(each.name); !work.empty()) all += fmt::format(": {}", work);
    if (!each.detail.empty()) all += fmt::format(" ({})", sanitized(each.detail));
  }
  return all;
}

/// https://docs.tigera.io/calico/latest/reference/felix/configuration: either leads Felix to Typha instead of
/// the datastore.
bool has_typha(const observed::HostSettings& host) {
  if (!host.calico_environment) return false;
  const auto is_given = [&host](const char* name) {
    const auto entry = host.calico_environment->find(name);
    return entry != host.calico_environment->end() && !entry->second.empty() && entry->second != "none";
  };
  return is_given("FELIX_TYPHAK8SSERVICENAME") || is_given("FELIX_TYPHAADDR");
}

remedy::Remedy look_into_felix(const Facts& facts, const observed::HostSettings& host) {
  const auto waits = [](const observed::FelixReporter& each) {
    return each.name == "FelixStartup" || each.name == "CalculationGraph";
  };
  // Both of these wait for Typha, where there is one.
  if (has_typha(host) && std::any_of(host.felix_reporters.begin(), host.felix_reporters.end(), waits)) {
    return remedy::command("kubectl get pods --all-namespaces --output wide --selector k8s-app=calico-typha")
        .note("Felix has the datastore from Typha, at port 5473 of its nodes");
  }
  return remedy::list_pods(node_word(facts), kCalicoNode)
      .note("then kubectl logs of that pod, container calico-node");
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
  if (*felix == 200 || *felix == 204) return Finding::pass("Felix is ready");
  if (*felix != 503) return Finding::unknown(fmt::format("Felix's /readiness answers {}", *felix));
  return Finding::fail("Felix is not ready: " + who_holds_felix_back(**host), look_into_felix(facts, **host));
}

Finding calico_interface_prefix(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  if (!shows_calico(facts)) return no_calico();
  const auto needed = needed_prefixes(facts);
  if (needed.empty()) return Finding::skip("no pod has a link that Felix would look at yet");
  const auto said = prefixes_in_environment(**host);
  const auto done = prefixes_in_rules(**host);
  for (const auto& each : needed) {
    if (lists(done, each.prefix) || lists(said, each.prefix)) continue;
    if (!said.empty() || !done.empty()) {
      return Finding::fail(fmt::format("Felix looks at links named {}*, but {}",
                                       sanitized(said.empty() ? done : said), each.since),

                           set_prefixes(facts, needed, said));
    }
    if (!(*host)->calico_environment) return Finding::unknown((*host)->calico_environment.error().what);
    if (each.prefix == "cali") continue;  // Felix's default
    return Finding::unknown(fmt::format(
        "{}, which FELIX_INTERFACEPREFIX does not name; FelixConfiguration may, and is not checked",
        each.since));
  }
  const auto& seen = done.empty() ? said : done;
  return Finding::pass(
      fmt::format("Felix looks at links named {}*", seen.empty() ? "cali" : sanitized(seen)));
}

constexpr std::uint8_t kBird = 12;  // RTPROT_BIRD, linux/rtnetlink.h
constexpr auto kIpIpTunnel = "tunl0";

/// What Calico's own routing has in the kernel.
struct Residue {
  std::size_t of_bird = 0;
  std::size_t by_tunnel = 0;  ///< of BIRD's or, since Calico 3.33, of Felix's (ProgramClusterRoutes)
  std::optional<net::Address> tunnel_address;  ///< one that host-local may give to a pod
};

/// tunl0's address is one of calico-ipam's, which knows of it; host-local does not.
std::optional<net::Address> address_of_tunnel(const Facts& facts, const net::Link& tunnel) {
  const auto network = seen_network(facts);
  if (!network || network->main->ipam != "host-local") return std::nullopt;
  for (const auto& each : tunnel.addresses) {
    if (is_of_this_node(facts, each.address)) return each.address;
  }
  return std::nullopt;
}

Residue residue_of(const Facts& facts, const observed::DataPlane* plane) {
  Residue residue;
  const auto* tunnel = link_named(facts, kIpIpTunnel);
  if (tunnel != nullptr) residue.tunnel_address = address_of_tunnel(facts, *tunnel);
  if (plane == nullptr) return residue;
  for (const auto& route : plane->routes) {
    if (tunnel != nullptr && route.device == tunnel->index) {
      ++residue.by_tunnel;
    } else if (route.protocol == kBird) {
      ++residue.of_bird;
    }
  }
  return residue;
}

std::string routes_text(std::size_t count) {
  return count == 1 ? "1 route" : fmt::format("{} routes", count);
}

/// Calico makes no tunnel again: what is there goes with a reboot.
remedy::Remedy without_tunnel(const Facts& facts) {
  const bool has_overlay = facts.policy.mode == node::Mode::calico_vxlan;
  if (is_by_operator(facts)) {
    return remedy::edit_installation().note(
        "spec.calicoNetwork: encapsulation {} in each of ipPools, bgp Disabled, then drain this node and "
        "reboot it, which takes {} and its routes away",
        has_overlay ? "VXLAN" : "None", kIpIpTunnel);
  }
  return remedy::edit(
      "set ipipMode Never in each IPPool (kubectl edit ippools) and CALICO_NETWORKING_BACKEND={} in "
      "calico-node, then drain this node and reboot it, which takes {} and its routes away",
      has_overlay ? "vxlan" : "none", kIpIpTunnel);
}

/// Routes of a BIRD, which may run on purpose: with Azure Route Server, or for egress gateways.
Finding routes_of_bird(const Facts& facts, std::size_t count) {
  const auto said = fmt::format("{} of BIRD (protocol {})", routes_text(count), kBird);
  const auto host = seen_host(facts);
  if (!host) return Finding::unknown(said + ": whether it runs has not been read yet");
  if (!(*host)->bird_runs)
    return Finding::unknown(fmt::format("{}: {}", said, (*host)->bird_runs.error().what));
  if (*(*host)->bird_runs) return Finding::pass(said + ", which runs");
  return Finding::fail(said + ", which does not run any more",
                       "leftovers of Calico's BGP: nothing updates these routes when pods or nodes move",
                       remedy::command("ip route show proto {}", kBird)
                           .note("they go when this node is drained and rebooted: removing one by one cuts "
                                 "off the pods that it leads to"));
}

Finding calico_residue(const Facts& facts) {
  const auto plane = seen_data_plane(facts);
  const auto residue = residue_of(facts, plane ? *plane : nullptr);
  if (residue.by_tunnel > 0) {
    return Finding::fail(fmt::format("{} by {}", routes_text(residue.by_tunnel), kIpIpTunnel),
                         "Azure drops IP in IP (protocol 4): what these routes lead to cannot be reached",
                         without_tunnel(facts));
  }
  if (residue.tunnel_address) {
    return Finding::fail(
        fmt::format("{} has {} of this node's pod CIDR", kIpIpTunnel, residue.tunnel_address->text()),
        "host-local does not know of it and may give a pod the same address", without_tunnel(facts));
  }
  if (!plane) return plane.error();
  if (residue.of_bird > 0) return routes_of_bird(facts, residue.of_bird);
  return Finding::pass("no route of BIRD and none by a tunnel of Calico's is left");
}

}  // namespace

std::vector<Check> rows_of_calico() {
  return {
      {.order = 290,
       .id = "calico.node_name",
       .group = Group::cni,
       .why = "Calico's plug-in makes pods under a name that Felix does not look at: they get no policy and "
              "no route",
       .look = calico_node_name},
      {.order = 300,
       .id = "calico.felix",
       .group = Group::cni,
       .needs_kubelet = NeedsKubelet::always,
       .why = "policies and routes of new pods are not programmed",
       .look = calico_felix},
      {.order = 310,
       .id = "calico.interface_prefix",
       .group = Group::cni,
       .why = "Felix polices only links with its prefix: policies are not enforced",
       .look = calico_interface_prefix},
      {.order = 320, .id = "calico.residue", .group = Group::cni, .look = calico_residue},
  };
}

}  // namespace checks
