#include <fmt/format.h>

#include <algorithm>

#include "checks/checks.h"
#include "checks/pod_network.h"
#include "net/ascii_case.h"
#include "node/own_node.h"

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
    const auto first = std::find_if(facts.links.begin(), facts.links.end(), is_theirs);
    if (first != facts.links.end())
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

/// Felix's own words for it: its environment beats its file and FelixConfiguration.
/// https://docs.tigera.io/calico/latest/reference/felix/configuration
std::string prefixes_in_environment(const observed::HostSettings& host) {
  if (!host.calico_environment) return "";
  const auto entry = host.calico_environment->find("FELIX_INTERFACEPREFIX");
  return entry == host.calico_environment->end() ? "" : entry->second;
}

remedy::Remedy set_prefixes(const Facts& facts, const std::vector<NeededPrefix>& needed, std::string list) {
  const auto& host = *facts.environment.host;
  for (const auto& each : needed) {
    if (!lists(list, each.prefix)) list += fmt::format("{}{}", list.empty() ? "" : ",", each.prefix);
  }
  if (!is_by_operator(facts)) {
    return remedy::command("kubectl set env --namespace {} daemonset/calico-node FELIX_INTERFACEPREFIX={}",
                           host.calico_namespace.empty() ? "kube-system" : host.calico_namespace, list);
  }
  if (prefixes_in_environment(host).empty()) {
    return remedy::command("kubectl patch felixconfiguration default --type merge --patch {}",
                           fmt::format("{{\"spec\":{{\"interfacePrefix\":\"{}\"}}}}", list));
  }
  // Tigera's operator sets the environment from this alone (pkg/render/node.go).
  return remedy::command("kubectl edit installation default")
      .note("spec.cni.type: {}, from which the operator sets Felix up",
            lists(list, "azv") ? "AzureVNET" : "Calico");
}

}  // namespace

Finding calico_node_name(const Facts& facts) {
  const auto network = seen_network(facts);
  const bool has_links = std::any_of(facts.links.begin(), facts.links.end(), is_calicos);
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
  if (node::is_another_machines(facts.cloud_state.node))
    return Finding::unknown("the agent does not know this node's name, see kubernetes.node_cidr");
  return Finding::warn(
      fmt::format("/var/lib/calico/nodename says {}, this node is {}", sanitized(*name),
                  sanitized(facts.node_name)),
      "Calico's plug-in makes pods under a name that Felix does not look at: they get no policy and no route",
      remedy::edit_configuration(
          "set NODENAME of calico-node from spec.nodeName (fieldRef) and restart it, or "
          "kubernetes.node_name in "
          "/etc/calico-azure-agent/config.toml where that is wrong"));
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
  return Finding::warn(
      "Felix says that it is not ready: its /readiness answers 503",
      "policies and routes of new pods are not programmed",
      list_pods(facts, kCalicoNode).note("then kubectl logs of that pod, container calico-node"));
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
      return Finding::warn(fmt::format("Felix looks at links named {}*, but {}",
                                       sanitized(said.empty() ? done : said), each.since),
                           "Felix polices only links with its prefix: policies are not enforced",
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

}  // namespace checks
