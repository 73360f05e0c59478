#include "node/security_rules.h"

#include <algorithm>

#include "net/foreign_text.h"

namespace node {
namespace {

using observed::AzureAccess;
using observed::AzureAddresses;
using observed::AzureProtocol;
using observed::AzureSecurityRule;
using Verdict = SecurityDecision::Verdict;

constexpr std::uint16_t kFirstPort = 1;
constexpr std::uint16_t kLastPort = 65535;

/// The host's own address: health probes come from it, no pod has it.
bool holds_host(const net::Prefix& prefix) {
  static const auto kHost = *net::Address::parse("168.63.129.16");
  return prefix.contains(kHost);
}

/// Of address spaces that the Internet does not route.
bool is_private(const net::Prefix& prefix) {
  static const std::vector<net::Prefix> kPrivate = [] {
    std::vector<net::Prefix> all;
    for (const char* each : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"})
      all.push_back(*net::Prefix::parse(each));
    return all;
  }();
  return net::any_contains(kPrivate, prefix);
}

Cover cover_of(const std::vector<net::Prefix>& prefixes, const net::Prefix& asked) {
  auto most = Cover::none;
  for (const auto& each : prefixes) {
    if (each.contains(asked)) return Cover::whole;
    if (asked.contains(each)) most = Cover::part;
  }
  return most;
}

Cover cover_of_tag(std::string_view name, const net::Prefix& asked, const VirtualNetworkTag& tag) {
  if (net::same_ignoring_case(name, "VirtualNetwork")) return tag.of(asked);
  if (net::same_ignoring_case(name, "AzureLoadBalancer"))
    return holds_host(asked) ? Cover::part : Cover::none;
  if (net::same_ignoring_case(name, "Internet") && (is_private(asked) || tag.of(asked) == Cover::whole))
    return Cover::none;
  return Cover::unknown;
}

Cover cover_of(const AzureAddresses& side, const net::Prefix& asked, const VirtualNetworkTag& tag) {
  if (side.any) return Cover::whole;
  auto most = cover_of(side.prefixes, asked);
  if (!side.groups.empty()) most = std::max(most, Cover::unknown);
  for (const auto& name : side.tags) {
    if (most == Cover::whole) break;
    const auto cover = cover_of_tag(name, asked, tag);
    // Of a part and what may be all, all may be meant.
    most = cover == Cover::unknown && most == Cover::part ? Cover::unknown : std::max(most, cover);
  }
  return most;
}

Cover both(Cover one, Cover other) {
  if (one == Cover::none || other == Cover::none) return Cover::none;
  if (one == Cover::part || other == Cover::part) return Cover::part;
  return one == Cover::unknown ? one : other;
}

bool has(const std::vector<net::PortRange>& ranges, std::uint16_t first, std::uint16_t last) {
  // Lists such as 1-1000 and 1001-65535 are all ports.
  auto next = std::uint32_t{first};
  for (bool grew = true; grew && next <= last;) {
    grew = false;
    for (const auto& range : ranges) {
      if (range.first > next || range.last < next) continue;
      next = std::uint32_t{range.last} + 1;
      grew = true;
    }
  }
  return next > last;
}

Cover cover_of(const AzureSecurityRule& rule, const SecurityNeed& need) {
  if (rule.protocol != AzureProtocol::any && rule.protocol != need.protocol) return Cover::none;
  const auto first = need.port.value_or(kFirstPort);
  const auto last = need.port.value_or(kLastPort);
  const bool by_source = !has(rule.source_ports, kFirstPort, kLastPort);
  if (has(rule.destination_ports, first, last)) return by_source ? Cover::part : Cover::whole;
  return need.port ? Cover::none : Cover::part;
}

/// True where one side of the rule names nothing but these networks.
bool is_about(const AzureSecurityRule& rule, std::span<const net::Prefix> networks) {
  const auto names = [&networks](const AzureAddresses& side) {
    return !side.any && side.tags.empty() && !side.prefixes.empty() &&
           std::all_of(side.prefixes.begin(), side.prefixes.end(),
                       [&](const net::Prefix& each) { return net::any_contains(networks, each); });
  };
  return names(rule.source) || names(rule.destination);
}

bool names_tags(const AzureSecurityRule& rule) {
  return !rule.source.tags.empty() || !rule.destination.tags.empty();
}

SecurityDecision decision(Verdict verdict, const AzureSecurityRule* rule, const AzureSecurityRule* first) {
  return {.verdict = verdict, .rule = rule, .before = (first != nullptr ? first : rule)->priority};
}

}  // namespace

VirtualNetworkTag::VirtualNetworkTag(const observed::AzureVirtualNetwork& network,
                                     const observed::AzureRouteTable* table)
    : network_(network), table_(table) {}

Cover VirtualNetworkTag::of(const net::Prefix& prefix) const {
  auto most =
      std::max({Cover::unknown, cover_of(network_.address_space, prefix), cover_of(network_.peered, prefix)});
  if (holds_host(prefix)) most = std::max(most, Cover::part);
  if (table_ == nullptr) return most;
  for (const auto& route : table_->routes) {
    if (most == Cover::whole) return most;
    // "This tag might also contain default routes": or it does not.
    if (!route.prefix || route.prefix->length() == 0 || route.provisioning_state == "Deleting") continue;
    if (route.prefix->contains(prefix)) most = Cover::whole;
  }
  return most;
}

SecurityDecision decide(const observed::AzureSecurityGroup& group, const SecurityFlow& flow,
                        const SecurityNeed& need, const VirtualNetworkTag& tag,
                        std::span<const net::Prefix> ours) {
  const AzureSecurityRule* may_allow = nullptr;
  const AzureSecurityRule* may_deny = nullptr;
  const AzureSecurityRule* allows_part = nullptr;
  for (const auto& rule : group.rules) {
    if (rule.direction != flow.direction) continue;
    const auto of_traffic = cover_of(rule, need);
    if (of_traffic == Cover::none) continue;
    const auto of_addresses =
        both(cover_of(rule.source, flow.source, tag), cover_of(rule.destination, flow.destination, tag));
    if (of_addresses == Cover::none) continue;
    const auto cover = both(of_traffic, of_addresses);
    if (rule.access == AzureAccess::allow) {
      if (cover == Cover::whole) {
        if (may_deny != nullptr) return decision(Verdict::uncertain, may_deny, may_deny);
        return {.verdict = Verdict::admitted, .rule = &rule, .before = 0};
      }
      const bool all_of_some = of_traffic == Cover::whole && of_addresses == Cover::part;
      if (cover == Cover::unknown || (all_of_some && names_tags(rule))) {
        if (may_allow == nullptr) may_allow = &rule;
      } else if (all_of_some || (cover == Cover::part && is_about(rule, ours))) {
        allows_part = &rule;
      }
      continue;
    }
    if (cover == Cover::unknown && may_deny == nullptr) may_deny = &rule;
    if (cover != Cover::whole) continue;
    if (may_allow != nullptr) return decision(Verdict::uncertain, may_allow, may_deny);
    if (allows_part != nullptr) return decision(Verdict::by_policy, allows_part, may_deny);
    return decision(Verdict::denied, &rule, may_deny);
  }
  // Azure's default rules leave nothing undecided: it has shown none.
  return {.verdict = Verdict::uncertain, .rule = nullptr, .before = 0};
}

}  // namespace node
