#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "checks/azure_state.h"
#include "checks/check_row.h"
#include "checks/remedies.h"
#include "checks/wanted_traffic.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"

namespace checks {
namespace {

using net::Prefix;
using node::SecurityDecision;
using node::SecurityFlow;
using observed::AzureDirection;
using observed::AzureSecurityGroup;
using observed::AzureSecurityRule;

constexpr auto kLostInAzure =
    "Azure drops these packets silently, and pods of different nodes do not reach each other";

struct Groups {
  const AzureSecurityGroup* subnet = nullptr;
  const AzureSecurityGroup* nic = nullptr;

  /// In the order in which Azure asks them.
  /// https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works
  [[nodiscard]] std::vector<const AzureSecurityGroup*> of(AzureDirection direction) const {
    std::vector<const AzureSecurityGroup*> all;
    for (const auto* each : {direction == AzureDirection::inbound ? subnet : nic,
                             direction == AzureDirection::inbound ? nic : subnet}) {
      if (each != nullptr && std::find(all.begin(), all.end(), each) == all.end()) all.push_back(each);
    }
    return all;
  }
};

Groups groups_of(const observed::AzureNetwork& azure) {
  const auto named = [&azure](const std::optional<std::string>& id) -> const AzureSecurityGroup* {
    if (!id) return nullptr;
    for (const auto& group : *azure.security_groups) {
      if (net::same_ignoring_case(group.id, *id)) return &group;
    }
    return nullptr;
  };
  return {.subnet = azure.subnet ? named(azure.subnet->security_group_id) : nullptr,
          .nic = azure.nic ? named(azure.nic->security_group_id) : nullptr};
}

/// A rule that denies a way, and all that is needed of it.
struct Loss {
  const AzureSecurityGroup* group = nullptr;
  const AzureSecurityRule* rule = nullptr;
  const Wanted* wanted = nullptr;
  const Wanted::Way* way = nullptr;
  std::uint32_t before = 0;  ///< the priority before which a rule has to stand that admits it

  [[nodiscard]] net::Family family() const { return way->flow.source.family(); }
  [[nodiscard]] bool is_admitted_with(const Loss& other) const {
    return group == other.group && way->flow.direction == other.way->flow.direction &&
           family() == other.family() && wanted == other.wanted;
  }
};

struct Judged {
  std::vector<Loss> losses;
  std::string doubt;   ///< what it is not known of; empty: nothing
  std::string policy;  ///< whose rules admit a part; empty: none
};

std::string rule_text(const AzureSecurityGroup& group, const AzureSecurityRule& rule) {
  return fmt::format("rule {} of network security group {} (priority {}, {})", rule.name,
                     node::name_of(group.id), rule.priority,
                     net::lower(net::name_of(observed::kAzureDirectionNames, rule.direction)));
}

std::string doubt_text(const AzureSecurityGroup& group, const SecurityDecision& decision,
                       const SecurityFlow& flow) {
  if (decision.rule == nullptr) {
    return fmt::format("network security group {} has no rule for what {} sends to {}",
                       node::name_of(group.id), flow.source.text(), flow.destination.text());
  }
  return fmt::format("{} decides on what {} sends to {}, or does not: whom it names is not known here",
                     rule_text(group, *decision.rule), flow.source.text(), flow.destination.text());
}

void judge(const Wanted& wanted, const Wanted::Way& way, const Groups& groups,
           const node::VirtualNetworkTag& tag, Judged& judged) {
  std::vector<Loss> losses;
  std::size_t denied = 0;
  std::string doubt;
  for (const auto& need : wanted.needs) {
    const auto before = losses.size();
    for (const auto* group : groups.of(way.flow.direction)) {
      const auto decision = node::decide(*group, way.flow, need, tag, wanted.ours);
      switch (decision.verdict) {
        case SecurityDecision::Verdict::denied:
          losses.push_back({.group = group,
                            .rule = decision.rule,
                            .wanted = &wanted,
                            .way = &way,
                            .before = decision.before});
          break;
        case SecurityDecision::Verdict::uncertain:
          if (doubt.empty()) doubt = doubt_text(*group, decision, way.flow);
          break;
        case SecurityDecision::Verdict::by_policy:
          if (judged.policy.empty()) judged.policy = rule_text(*group, *decision.rule);
          break;
        case SecurityDecision::Verdict::admitted:
          break;
      }
    }
    if (losses.size() > before) ++denied;
  }
  if (denied == wanted.needs.size()) {
    judged.losses.insert(judged.losses.end(), losses.begin(), losses.end());
  } else if (judged.doubt.empty()) {
    judged.doubt = doubt;
  }
}

// What Azure lets users choose; its default rules come behind these.
// https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#security-rules
constexpr std::uint32_t kFirstPriority = 100;
constexpr std::uint32_t kLastPriority = 4096;

/// The last free priority before that one; nullopt: none is free.
std::optional<std::uint32_t> free_priority(const AzureSecurityGroup& group, AzureDirection direction,
                                           std::uint32_t before) {
  const auto is_taken = [&](std::uint32_t priority) {
    return std::any_of(group.rules.begin(), group.rules.end(), [&](const AzureSecurityRule& rule) {
      return rule.direction == direction && rule.priority == priority;
    });
  };
  for (auto priority = std::min(before, kLastPriority + 1); priority-- > kFirstPriority;) {
    if (!is_taken(priority)) return priority;
  }
  return std::nullopt;
}

/// A name that no rule has: `create` replaces one that has it.
std::string free_name(const AzureSecurityGroup& group, std::string name) {
  const auto is_taken = [&group](std::string_view taken) {
    return std::any_of(group.rules.begin(), group.rules.end(),
                       [taken](const auto& rule) { return net::same_ignoring_case(rule.name, taken); });
  };
  const auto base = name;
  for (int number = 2; is_taken(name); ++number) name = fmt::format("{}{}", base, number);
  return name;
}

remedy::Remedy with_prefixes(remedy::Remedy command, std::span<const Prefix> prefixes) {
  for (const auto& each : prefixes) command = command.with(" {}", each.text());
  return command;
}

/// The rule that admits it. Every node of the cluster prints the same one, so that the second who pastes it
/// changes nothing.
remedy::Remedy admit(const Facts& facts, const Loss& loss) {
  const auto& group = *loss.group;
  const auto direction = loss.way->flow.direction;
  const auto resource_group = node::segment_of(group.id, "resourceGroups");
  // https://learn.microsoft.com/azure/aks/support-policies: what is in its resource group is not the user's.
  if (is_run_by_aks(facts) && net::lower(resource_group).starts_with("mc_")) {
    return remedy::edit(
        "network security group {} is that of AKS: have rule {} taken out where it comes from",
        node::name_of(group.id), loss.rule->name);
  }
  const auto priority = free_priority(group, direction, loss.before);
  if (!priority) {
    return remedy::edit(
        "give rule {} of network security group {} a later priority than {}: none before it "
        "is free",
        loss.rule->name, node::name_of(group.id), loss.before);
  }
  const auto& need = loss.wanted->needs.front();
  const bool is_inbound = direction == AzureDirection::inbound;
  const auto name = fmt::format("Allow{}{}", need.port ? "Overlay" : "Pods",
                                net::name_of(observed::kAzureDirectionNames, direction));
  auto rule = remedy::command(
      "az network nsg rule create --subscription {} --resource-group {} --nsg-name {} --name {} "
      "--priority {} --direction {} --access Allow",
      node::segment_of(group.id, "subscriptions"), resource_group, node::name_of(group.id),
      free_name(group, name), *priority, net::name_of(observed::kAzureDirectionNames, direction));
  rule = need.port ? rule.with(" --protocol Udp") : rule.with(" --protocol '*'");
  const auto family = loss.family();
  const auto& sources = is_inbound ? loss.wanted->inbound_sources : loss.wanted->peers;
  rule = with_prefixes(rule.with(" --source-address-prefixes"), of_family(sources, family))
             .with(" --source-port-ranges '*' --destination-address-prefixes");
  rule = with_prefixes(rule, of_family(loss.wanted->peers, family)).with(" --destination-port-ranges");
  return need.port ? rule.with(" {}", *need.port) : rule.with(" '*'");
}

Finding lost(const Facts& facts, const Groups& groups, const std::vector<Loss>& losses) {
  std::vector<Loss> each;
  for (const auto& loss : losses) {
    const auto same = std::find_if(each.begin(), each.end(),
                                   [&loss](const Loss& other) { return other.is_admitted_with(loss); });
    if (same == each.end()) {
      each.push_back(loss);
    } else if (loss.before < same->before) {
      *same = loss;
    }
  }
  remedy::Remedy all;
  for (const auto& loss : each) all = all.then(admit(facts, loss));
  const auto& first = losses.front();
  const auto* whose = first.group == groups.subnet ? "subnet" : "NIC";
  const auto& flow = first.way->flow;
  return Finding::fail(
      fmt::format("{}, the {}'s, drops what {}: {}{} from {} to {}", rule_text(*first.group, *first.rule),
                  whose, first.way->words, first.wanted->needs.front().port ? "UDP port " : "everything",
                  first.wanted->needs.front().port ? fmt::to_string(*first.wanted->needs.front().port) : "",
                  flow.source.text(), flow.destination.text()),
      all);
}

/// Why there is nothing to judge, beyond what Azure says.
std::optional<Finding> not_looked_at(const Facts& facts) {
  if (!facts.policy.azure_verified) return Finding::skip("azure.verify is off");
  if (facts.policy.mode == node::Mode::udr || facts.policy.azure_verified_always) return std::nullopt;
  return Finding::skip(
      fmt::format("in mode {} only with azure.verify = \"on\"", mode_name(facts.policy.mode)));
}

/// What is not known of the rules. A lost route takes pods out of VirtualNetwork, which the rules name.
Finding doubtful(const Facts& facts, const node::VirtualNetworkTag& tag, const std::string& doubt) {
  if (facts.policy.mode == node::Mode::udr) {
    for (const auto& cidr : facts.policy.node_cidrs) {
      if (tag.of(cidr) == node::Cover::whole) continue;
      return Finding::unknown(
          fmt::format("{}; {} is in VirtualNetwork once a route leads there, see "
                      "azure.node_route",
                      doubt, cidr.text()));
    }
  }
  return Finding::unknown(doubt);
}

std::string names_of(const std::vector<AzureSecurityGroup>& groups) {
  std::string names;
  for (const auto& each : groups)
    names += fmt::format("{}{}", names.empty() ? "" : " and ", node::name_of(each.id));
  return names;
}

Finding azure_security_groups(const Facts& facts) {
  if (auto nothing = not_looked_at(facts)) return *nothing;
  if (!facts.cloud_state->azure) return Finding::unknown("Azure Resource Manager has not been asked yet");
  const auto& azure = *facts.cloud_state->azure;
  if (!azure.security_groups) return Finding::unknown(azure.security_groups.error().what);
  if (!azure.subnet) return Finding::unknown(azure.subnet.error().what);
  if (azure.security_groups->empty()) {
    return Finding::pass(fmt::format("neither subnet {} nor this node's NIC has a network security group",
                                     node::name_of(azure.subnet->id)));
  }
  if (!azure.network) return Finding::unknown(azure.network.error().what);
  const auto wanted = wanted_of_network(facts, azure);
  if (!wanted) return wanted.error();

  const auto groups = groups_of(azure);
  const node::VirtualNetworkTag tag(*azure.network, table_of(azure));
  Judged judged;
  for (const auto& each : *wanted) {
    for (const auto& way : each.ways) judge(each, way, groups, tag, judged);
  }
  if (!judged.losses.empty()) return lost(facts, groups, judged.losses);
  if (!judged.doubt.empty()) return doubtful(facts, tag, judged.doubt);
  const auto names = names_of(*azure.security_groups);
  if (!judged.policy.empty())
    return Finding::pass(
        fmt::format("{} admits a part of what pods send: somebody has chosen it", judged.policy));
  return Finding::pass(fmt::format("network security group {} admits what pods send", names));
}

}  // namespace

std::vector<Check> rows_of_azure_security_groups() {
  return {
      {.order = 205,
       .id = "azure.security_groups",
       .group = Group::azure,
       .once_mode_is_known = true,
       .why = kLostInAzure,
       .look = azure_security_groups},
  };
}

}  // namespace checks
