#include "agent/core/checks/policy_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/core/checks/checks.h"
#include "agent/core/checks/pod_network.h"

namespace agent {
namespace {

constexpr std::uint32_t kLocalTable = 255;  // RT_TABLE_LOCAL, linux/rtnetlink.h

bool is_everything(const net::Prefix& prefix) { return prefix.length() == 0; }

bool overlaps_pods(const Policy& policy, const net::Prefix& prefix) {
  const auto overlaps = [&prefix](const net::Prefix& cidr) { return cidr.overlaps(prefix); };
  return std::any_of(policy.cluster_cidrs.begin(), policy.cluster_cidrs.end(), overlaps) ||
         std::any_of(policy.node_cidrs.begin(), policy.node_cidrs.end(), overlaps);
}

bool holds_all_pods(const Policy& policy, const net::Prefix& prefix) {
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

/// Whether it may lead packets between pods elsewhere, and the kernel's lookup of addresses of other pods,
/// which names neither a source nor a link, does not tell.
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
  return !is_everything(rule.source) || !holds_all_pods(policy, rule.destination);
}

std::string text_of(const net::PolicyRule& rule) {
  auto text = fmt::format("{}from {}", rule.inverted ? "not " : "",
                          is_everything(rule.source) ? "all" : rule.source.text());
  if (!is_everything(rule.destination)) text += fmt::format(" to {}", rule.destination.text());
  if (!rule.iif.empty()) text += fmt::format(" iif {}", shown(rule.iif));
  return rule.action == net::PolicyRule::Action::lookup ? fmt::format("{} lookup {}", text, rule.table)
                                                        : text + ", which drops,";
}

}  // namespace

std::optional<Finding> rule_that_may_lead_away(const Facts& facts) {
  if (facts.policy.mode != Mode::udr) return std::nullopt;
  const auto plane = seen_data_plane(facts);
  if (!plane) return std::nullopt;  // routes.main_rules says so
  const auto& rules = (*plane)->rules_before_main;
  const auto rule = std::find_if(rules.begin(), rules.end(),
                                 [&facts](const auto& each) { return may_lead_pods_away(facts, each); });
  if (rule == rules.end()) return std::nullopt;
  const bool ipv6 = rule->source.family() == net::Family::ipv6;
  auto show = ipv6 ? command("ip -6 rule show") : command("ip rule show");
  if (rule->action == net::PolicyRule::Action::lookup)
    show = show.then(ipv6 ? command("ip -6 route show table {}", rule->table)
                          : command("ip route show table {}", rule->table));
  return Finding::unless_required(
      fmt::format("rule {} \"{}\" comes before table main: whether it leads pods' packets elsewhere is not "
                  "known",
                  rule->priority, text_of(*rule)),
      "packets that it chooses do not take the agent's routes; it never touches rules of others", show);
}

/// A restart of systemd-networkd has been seen to drop them (systemd#41350).
Finding routes_main_rules(const Facts& facts) {
  const auto plane = seen_data_plane(facts);
  if (!plane) return plane.error();
  if (!(*plane)->main_rule) {
    return Finding::fail(
        "the rule \"from all lookup main\" is gone",
        "without it the kernel looks at no route but those of local addresses",
        command("ip rule add from all lookup main pref 32766").note("and see networkd.foreign_routes"));
  }
  if (!(*plane)->default_rule) {
    return Finding::warn(
        "the rule \"from all lookup default\" is gone",
        "routes in table default, which few have, no longer count",
        command("ip rule add from all lookup default pref 32767").note("and see networkd.foreign_routes"));
  }
  return Finding::pass("the rules to tables main and default are there");
}

}  // namespace agent
