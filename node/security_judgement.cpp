#include "node/security_judgement.h"

#include <fmt/format.h>

#include "net/foreign_text.h"
#include "node/azure_routing.h"

namespace node {

using net::Prefix;
using observed::AzureDirection;
using observed::AzureSecurityGroup;
using observed::AzureSecurityRule;

void add_ways(Wanted& wanted, AzureDirection direction, std::span<const Prefix> sources,
              std::span<const Prefix> destinations, const char* words) {
  for (const auto& source : sources) {
    for (const auto& destination : destinations) {
      if (source.family() != destination.family()) continue;
      wanted.ways.push_back({{.direction = direction, .source = source, .destination = destination}, words});
    }
  }
}

bool is_divided(std::span<const AzureSecurityGroup> groups, std::span<const Prefix> networks) {
  const auto divides = [&networks](const Prefix& prefix) {
    return std::any_of(networks.begin(), networks.end(),
                       [&prefix](const auto& each) { return each != prefix && each.contains(prefix); });
  };
  return std::any_of(groups.begin(), groups.end(), [&divides](const AzureSecurityGroup& group) {
    return std::any_of(group.rules.begin(), group.rules.end(), [&divides](const AzureSecurityRule& rule) {
      return std::any_of(rule.source.prefixes.begin(), rule.source.prefixes.end(), divides) ||
             std::any_of(rule.destination.prefixes.begin(), rule.destination.prefixes.end(), divides);
    });
  });
}

namespace {

std::string rule_text(const AzureSecurityGroup& group, const AzureSecurityRule& rule) {
  return fmt::format("rule {} of network security group {} (priority {}, {})", rule.name, name_of(group.id),
                     rule.priority, net::lower(net::name_of(observed::kAzureDirectionNames, rule.direction)));
}

std::string doubt_text(const AzureSecurityGroup& group, const SecurityDecision& decision,
                       const SecurityFlow& flow) {
  if (decision.rule == nullptr) {
    return fmt::format("network security group {} has no rule for what {} sends to {}", name_of(group.id),
                       flow.source.text(), flow.destination.text());
  }
  return fmt::format("{} decides on what {} sends to {}, or does not: whom it names is not known here",
                     rule_text(group, *decision.rule), flow.source.text(), flow.destination.text());
}

}  // namespace

void judge(const Wanted& wanted, const Wanted::Way& way, const SecurityGroups& groups,
           const VirtualNetworkTag& tag, SecurityJudgement& judged) {
  std::vector<SecurityLoss> losses;
  std::size_t denied = 0;
  std::string doubt;
  for (const auto& need : wanted.needs) {
    const auto before = losses.size();
    for (const auto* group : groups.of(way.flow.direction)) {
      const auto decision = decide(*group, way.flow, need, tag, wanted.ours);
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

std::vector<SecurityLoss> distinct_losses(std::span<const SecurityLoss> losses) {
  std::vector<SecurityLoss> each;
  for (const auto& loss : losses) {
    const auto same = std::find_if(each.begin(), each.end(),
                                   [&loss](const auto& other) { return other.is_admitted_with(loss); });
    if (same == each.end()) {
      each.push_back(loss);
    } else if (loss.before < same->before) {
      *same = loss;
    }
  }
  return each;
}

std::string loss_text(const SecurityLoss& loss, const SecurityGroups& groups) {
  const auto& flow = loss.way->flow;
  const auto& need = loss.wanted->needs.front();
  return fmt::format("{}, the {}'s, drops what {}: {}{} from {} to {}", rule_text(*loss.group, *loss.rule),
                     loss.group == groups.subnet ? "subnet" : "NIC", loss.way->words,
                     need.port ? "UDP port " : "everything", need.port ? fmt::to_string(*need.port) : "",
                     flow.source.text(), flow.destination.text());
}

namespace {

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

}  // namespace

remedy::Remedy admit(const SecurityLoss& loss, const GroupOwner& owner) {
  const auto& group = *loss.group;
  const auto direction = loss.way->flow.direction;
  const auto resource_group = segment_of(group.id, "resourceGroups");
  // https://learn.microsoft.com/azure/aks/support-policies: what is in its resource group is not the user's.
  if (owner.is_run_by_aks && net::lower(resource_group).starts_with("mc_")) {
    return remedy::edit(
        "network security group {} is that of AKS: have rule {} taken out where it comes from",
        name_of(group.id), loss.rule->name);
  }
  const auto priority = free_priority(group, direction, loss.before);
  if (!priority) {
    return remedy::edit(
        "give rule {} of network security group {} a later priority than {}: none before it "
        "is free",
        loss.rule->name, name_of(group.id), loss.before);
  }
  const auto& need = loss.wanted->needs.front();
  const bool is_inbound = direction == AzureDirection::inbound;
  const auto name = fmt::format("Allow{}{}", need.port ? "Overlay" : "Pods",
                                net::name_of(observed::kAzureDirectionNames, direction));
  auto rule = remedy::command(
      "az network nsg rule create --subscription {} --resource-group {} --nsg-name {} --name {} "
      "--priority {} --direction {} --access Allow",
      segment_of(group.id, "subscriptions"), resource_group, name_of(group.id), free_name(group, name),
      *priority, net::name_of(observed::kAzureDirectionNames, direction));
  rule = need.port ? rule.with(" --protocol Udp") : rule.with(" --protocol '*'");
  const auto family = loss.family();
  const auto& sources = is_inbound ? loss.wanted->inbound_sources : loss.wanted->peers;
  rule = with_prefixes(rule.with(" --source-address-prefixes"), of_family(sources, family))
             .with(" --source-port-ranges '*' --destination-address-prefixes");
  rule = with_prefixes(rule, of_family(loss.wanted->peers, family)).with(" --destination-port-ranges");
  return need.port ? rule.with(" {}", *need.port) : rule.with(" '*'");
}

}  // namespace node
