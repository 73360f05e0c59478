#include "checks/policy_rules.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "node/azure_routing.h"
#include "remedy/commands.h"

namespace checks {
namespace {

constexpr std::uint32_t kLocalTable = 255;  // RT_TABLE_LOCAL, linux/rtnetlink.h

bool is_everything(const net::Prefix& prefix) { return prefix.length() == 0; }

bool overlaps_pods(const node::Policy& policy, const net::Prefix& prefix) {
  const auto overlaps = [&prefix](const net::Prefix& cidr) { return cidr.overlaps(prefix); };
  return std::any_of(policy.cluster_cidrs.begin(), policy.cluster_cidrs.end(), overlaps) ||
         std::any_of(policy.node_cidrs.begin(), policy.node_cidrs.end(), overlaps);
}

bool holds_all_pods(const node::Policy& policy, const net::Prefix& prefix) {
  return std::all_of(policy.cluster_cidrs.begin(), policy.cluster_cidrs.end(), [&prefix](const auto& cidr) {
    return cidr.family() != prefix.family() || prefix.contains(cidr);
  });
}

/// Whether pods' packets may come in by the link: from other nodes, or from pods here.
bool comes_from_pods(const Facts& facts, const std::string& name) {
  if (facts.nic.nic && facts.nic.nic->link.name == name) return true;
  const auto* link = link_named(facts, name);
  const auto network = seen_network(facts);
  return (link != nullptr && is_calicos(*link)) || (network && bridge_of(*network->main) == name);
}

/// Whether the rule may divert packets between pods without showing in the kernel's lookup of pod addresses,
/// which has neither a source nor a link.
bool may_lead_pods_away(const Facts& facts, const net::PolicyRule& rule) {
  using Action = net::PolicyRule::Action;
  const auto& policy = facts.policy;
  if (rule.protocol == policy.protocol || rule.action == Action::other) return false;
  const bool leads_as_main = rule.table == net::kMainTable || rule.table == kLocalTable;
  if (rule.action == Action::lookup && leads_as_main) return false;
  if (!policy.uses(rule.source.family())) return false;
  if (rule.inverted) return true;
  if (!is_everything(rule.source) && !overlaps_pods(policy, rule.source)) return false;
  if (!is_everything(rule.destination) && !overlaps_pods(policy, rule.destination)) return false;
  if (!rule.iif.empty()) return comes_from_pods(facts, rule.iif);
  return rule.by_traffic || !is_everything(rule.source) || !holds_all_pods(policy, rule.destination);
}

/// As ip-rule(8) shows it.
std::string protocol_text(std::uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_ICMP:
      return "icmp";
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_ICMPV6:
      return "ipv6-icmp";
    default:
      return std::to_string(protocol);
  }
}

std::string ports_text(const net::PortRange& ports) {
  return ports.first == ports.last ? std::to_string(ports.first)
                                   : fmt::format("{}-{}", ports.first, ports.last);
}

std::string text_of(const net::PolicyRule& rule) {
  auto text = fmt::format("{}from {}", rule.inverted ? "not " : "",
                          is_everything(rule.source) ? "all" : rule.source.text());
  if (!is_everything(rule.destination)) text += fmt::format(" to {}", rule.destination.text());
  if (rule.tos != 0) text += fmt::format(" tos {:#x}", rule.tos);
  if (!rule.iif.empty()) text += fmt::format(" iif {}", sanitized(rule.iif));
  if (rule.ip_protocol != 0) text += " ipproto " + protocol_text(rule.ip_protocol);
  if (!rule.source_ports.empty()) text += " sport " + ports_text(rule.source_ports);
  if (!rule.destination_ports.empty()) text += " dport " + ports_text(rule.destination_ports);
  return rule.action == net::PolicyRule::Action::lookup ? fmt::format("{} lookup {}", text, rule.table)
                                                        : text + ", which drops,";
}

/// An address of a pod elsewhere to which the rule's `prefix` applies.
std::optional<net::Address> pod_elsewhere(const Facts& facts, const net::PolicyRule& rule,
                                          const net::Prefix& prefix) {
  const auto& own = facts.policy.node_cidrs.list();
  const auto first_of = [&](const net::Prefix& pods) -> std::optional<net::Address> {
    if (pods.family() != prefix.family()) return std::nullopt;
    for (const auto& each :
         routing::probes_of(!rule.inverted && pods.contains(prefix) ? prefix : pods, own)) {
      if (rule.inverted || prefix.contains(each)) return each;
    }
    return std::nullopt;
  };
  for (const auto& node : node::cidrs_of_other_nodes(facts.policy, *facts.cloud_state)) {
    if (auto address = first_of(node)) return address;
  }
  for (const auto& cidr : facts.policy.cluster_cidrs) {
    if (auto address = first_of(cidr)) return address;
  }
  return std::nullopt;
}

bool forwards(const observed::SysctlReadings& readings, std::string_view link, net::Family family) {
  const auto reading = readings.find(
      fmt::format("net/{}/conf/{}/forwarding", family == net::Family::ipv4 ? "ipv4" : "ipv6", link));
  return reading != readings.end() && reading->second && *reading->second == "1";
}

/// All of the packets that this node's pods send to others, or get from them.
bool chooses_all(const Facts& facts, const net::PolicyRule& rule) {
  const auto& here = facts.policy.node_cidrs;
  const bool all_here = std::all_of(here.begin(), here.end(), [&rule](const auto& cidr) {
    return cidr.family() != rule.source.family() || rule.source.contains(cidr);
  });
  const bool outgoing = rule.iif.empty() && all_here && holds_all_pods(facts.policy, rule.destination);
  const bool incoming = facts.nic.nic && rule.iif == facts.nic.nic->link.name && is_everything(rule.source) &&
                        is_everything(rule.destination);
  return !rule.inverted && !rule.by_traffic && (outgoing || incoming);
}

std::string in_a_sentence(const net::PolicyRule& rule) {
  return fmt::format("rule {} \"{}\"", rule.priority, text_of(rule));
}

std::optional<routing::PodFlow> flow_of(const Facts& facts, const net::PolicyRule& rule,
                                        const RoutedPod& pod) {
  const auto& nic = *facts.nic.nic;
  const auto family = rule.source.family();
  const bool incoming = rule.iif == nic.link.name;
  const auto applies = [&rule](const net::Prefix& prefix, const net::Address& address) {
    return rule.inverted || prefix.contains(address);
  };
  if (pod.address.family() != family || !is_calicos(*pod.link) || !is_of_this_node(facts, pod.address))
    return std::nullopt;
  if (!applies(incoming ? rule.destination : rule.source, pod.address)) return std::nullopt;
  if (!rule.iif.empty() && !incoming && !rule.inverted && rule.iif != pod.link->name) return std::nullopt;
  const auto elsewhere = pod_elsewhere(facts, rule, incoming ? rule.source : rule.destination);
  if (!elsewhere) return std::nullopt;

  routing::PodFlow asked{
      .flow = net::Flow(incoming ? pod.address : *elsewhere),
      .elsewhere = *elsewhere,
      .link = incoming ? std::optional(pod.link->index) : std::nullopt,
      .own = nic.azure.primary(family),
      .forwards = incoming ? forwards(facts.sysctls, nic.link.name, family)
                           : family == net::Family::ipv6 ||
                                 forwards(facts.environment->pod_sysctls, pod.link->name, family),
      .stands_for_all = chooses_all(facts, rule),
      .rule = in_a_sentence(rule),
      .table = rule.action == net::PolicyRule::Action::lookup ? rule.table : 0};
  asked.flow.from = incoming ? *elsewhere : pod.address;
  asked.flow.incoming = incoming ? nic.link.index : pod.link->index;
  if (rule.inverted) return asked;
  asked.flow.ip_protocol = rule.ip_protocol;
  asked.flow.source_port = rule.source_ports.first;
  asked.flow.destination_port = rule.destination_ports.first;
  asked.flow.tos = rule.tos;
  return asked;
}

/// A restart of systemd-networkd has been seen to drop them (systemd#41350).
Finding routes_main_rules(const Facts& facts) {
  const auto plane = seen_data_plane(facts);
  if (!plane) return plane.error();
  if (!(*plane)->main_rule) {
    return Finding::fail("the rule \"from all lookup main\" is gone",
                         "without it the kernel looks at no route but those of local addresses",
                         remedy::command("ip rule add from all lookup main pref 32766")
                             .note("and see networkd.foreign_routes"));
  }
  if (!(*plane)->default_rule) {
    return Finding::fail("the rule \"from all lookup default\" is gone",
                         "routes in table default, which few have, no longer count",
                         remedy::command("ip rule add from all lookup default pref 32767")
                             .note("and see networkd.foreign_routes"));
  }
  return Finding::pass("the rules to tables main and default are there");
}

}  // namespace

std::vector<routing::PodFlow> flows_of_rules(const Facts& facts) {
  constexpr std::size_t kMost = 16;  // lookups, of which one for each rule is always enough
  std::vector<routing::PodFlow> flows;
  const auto& plane = facts.environment->data_plane;
  if (facts.policy.mode != node::Mode::udr || !facts.nic.nic || !plane || !*plane) return flows;
  const auto& rules = (*plane)->rules_before_main;
  if (rules.empty()) return flows;
  const auto pods = routed_pods(facts, **plane);
  for (const auto& rule : rules) {
    if (flows.size() == kMost) break;
    if (!may_lead_pods_away(facts, rule)) continue;
    for (const auto& pod : pods) {
      auto flow = flow_of(facts, rule, pod);
      if (!flow) continue;
      flows.push_back(std::move(*flow));
      break;
    }
  }
  return flows;
}

std::optional<Finding> diverting_rule(const Facts& facts) {
  if (facts.policy.mode != node::Mode::udr) return std::nullopt;
  const auto plane = seen_data_plane(facts);
  if (!plane) return std::nullopt;  // routes.main_rules reports that
  const auto& rules = (*plane)->rules_before_main;
  const auto rule = std::find_if(rules.begin(), rules.end(),
                                 [&facts](const auto& each) { return may_lead_pods_away(facts, each); });
  if (rule == rules.end()) return std::nullopt;
  const auto family = rule->source.family();
  auto show = remedy::ip(family, "rule show");
  if (rule->action == net::PolicyRule::Action::lookup)
    show = show.then(remedy::ip(family, "route show table {}", rule->table));
  return Finding::unless_required(
      in_a_sentence(*rule) +
          " comes before table main: whether it leads pods' packets elsewhere is not known",
      "packets that it chooses do not take the agent's routes; it never touches rules of others", show);
}

std::vector<Check> rows_of_policy_rules() {
  return {
      {.order = 550, .id = "routes.main_rules", .look = routes_main_rules},
  };
}

}  // namespace checks
