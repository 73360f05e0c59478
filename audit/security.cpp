#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "audit/judgement.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"
#include "node/security_judgement.h"

namespace audit {
namespace {

using net::Prefix;
using node::Wanted;
using observed::AzureDirection;
using observed::AzureProtocol;
using observed::AzureSecurityGroup;

/// Where rules tell one pod CIDR from another, so many are looked at; a cluster has thousands.
constexpr std::size_t kMostOfDivided = 32;

/// Nodes in one subnet with one security group on the NIC: for them the same holds.
struct Kind {
  const observed::AzureSubnet* subnet = nullptr;
  std::string nic_group;

  auto operator<=>(const Kind&) const = default;
};

void add_unless_there(std::vector<Prefix>& all, const Prefix& prefix) {
  if (std::find(all.begin(), all.end(), prefix) == all.end()) all.push_back(prefix);
}

/// Two CIDRs of each family, and those that a rule names or is about.
std::vector<Prefix> sample(const Ground& ground, const std::vector<const Member*>& members,
                           const std::vector<AzureSecurityGroup>& groups) {
  std::vector<Prefix> named;
  for (const auto& group : groups) {
    for (const auto& rule : group.rules) {
      for (const auto* side : {&rule.source, &rule.destination}) {
        for (const auto& prefix : side->prefixes) {
          const bool is_all = std::find(ground.pod_ranges.begin(), ground.pod_ranges.end(), prefix) !=
                              ground.pod_ranges.end();
          if (!is_all && net::any_contains(ground.pod_ranges, prefix)) add_unless_there(named, prefix);
        }
      }
    }
  }
  std::vector<Prefix> all;
  std::size_t divided = 0;
  for (const auto* member : members) {
    for (const auto& cidr : member->cidrs) {
      const auto same = node::of_family(all, cidr.family()).size();
      const bool is_named = std::any_of(named.begin(), named.end(),
                                        [&cidr](const Prefix& each) { return each.overlaps(cidr); });
      if (same >= 2 && (!is_named || divided >= kMostOfDivided)) continue;
      if (same >= 2) ++divided;
      add_unless_there(all, cidr);
    }
  }
  return all;
}

Wanted wanted_by_pods(const Ground& ground, const observed::AzureSubnet& subnet,
                      const std::vector<Prefix>& own, const std::vector<Prefix>& others) {
  Wanted wanted{.needs = {{.protocol = AzureProtocol::tcp}, {.protocol = AzureProtocol::udp}},
                .ways = {},
                .ours = ground.pod_ranges,
                .inbound_sources = ground.pod_ranges,
                .peers = ground.pod_ranges};
  node::add_ways(wanted, AzureDirection::inbound, others, own,
                 "pods of other nodes send to those of these nodes");
  node::add_ways(wanted, AzureDirection::inbound, subnet.prefixes, own, "nodes send to pods of these nodes");
  node::add_ways(wanted, AzureDirection::outbound, own, others,
                 "pods of these nodes send to those of other nodes");
  for (const auto& nodes : subnet.prefixes) {
    if (!net::any_contains(ground.pod_ranges, nodes)) wanted.inbound_sources.push_back(nodes);
  }
  return wanted;
}

/// nullptr and a word among the unknown where it could not be read.
const AzureSecurityGroup* read_group(const Ground& ground, const std::string& id, bool& is_readable,
                                     Report& report, const std::string& of) {
  if (id.empty()) return nullptr;
  const auto* group = ground.map.group(id);
  if (group == nullptr) {
    is_readable = false;
    report.unknowns.push_back({.object = of, .why = ground.map.why_no_group(id)});
  }
  return group;
}

void judge_kind(const Ground& ground, const Kind& kind, const std::vector<const Member*>& members,
                const std::vector<const Member*>& all, std::set<std::string>& said, Report& report) {
  const auto name = fmt::format("security groups of subnet {}", node::name_of(kind.subnet->id));
  bool is_readable = true;
  const node::SecurityGroups groups{
      .subnet = read_group(ground, kind.subnet->security_group_id.value_or(""), is_readable, report, name),
      .nic = read_group(ground, kind.nic_group, is_readable, report, name)};
  if (!is_readable || (groups.subnet == nullptr && groups.nic == nullptr)) return;
  const auto* network = members.front()->network;
  const auto* table = ground.map.table(kind.subnet->route_table_id);
  const node::VirtualNetworkTag tag(network->network, table);
  std::vector<AzureSecurityGroup> read;
  for (const auto* each : {groups.subnet, groups.nic}) {
    if (each != nullptr) read.push_back(*each);
  }
  // A lost route takes its CIDR out of VirtualNetwork, which Azure's own rules name: that is the route's
  // fault.
  const auto in_tag = [&tag](std::vector<Prefix> cidrs) {
    std::erase_if(cidrs, [&tag](const Prefix& each) { return tag.of(each) != node::Cover::whole; });
    return cidrs;
  };
  const auto own = in_tag(sample(ground, members, read));
  const auto others = in_tag(sample(ground, all, read));
  if (own.empty() || others.empty()) {
    report.unknowns.push_back(
        {.object = name,
         .why = "no route leads to these nodes' pods: what the rules do to them is not known"});
    return;
  }
  const auto wanted = wanted_by_pods(ground, *kind.subnet, own, others);
  node::SecurityJudgement judged;
  for (const auto& way : wanted.ways) node::judge(wanted, way, groups, tag, judged);
  for (const auto& loss : node::distinct_losses(judged.losses)) {
    const auto message = node::loss_text(loss, groups);
    if (!said.insert(message).second) continue;
    report.findings.push_back(
        {.cause = Cause::security_group,
         .object = loss.rule->name,
         .where = fmt::format("network security group {}", node::name_of(loss.group->id)),
         .message = message,
         .remedy = node::admit(loss, {.is_run_by_aks = is_run_by_aks(loss.group->id)}),
         .nodes = members.size()});
  }
  if (judged.losses.empty() && !judged.doubt.empty())
    report.unknowns.push_back({.object = name, .why = judged.doubt});
}

}  // namespace

void judge_security_groups(const Ground& ground, Report& report) {
  std::map<Kind, std::vector<const Member*>> kinds;
  std::vector<const Member*> all;
  for (const auto& member : ground.map.members()) {
    if (member.subnet == nullptr || member.cidrs.empty()) continue;
    all.push_back(&member);
    kinds[{member.subnet, net::lower(member.nic->nic.security_group_id.value_or(""))}].push_back(&member);
  }
  if (ground.pod_ranges.empty()) return;
  std::set<std::string> said;
  for (const auto& [kind, members] : kinds) judge_kind(ground, kind, members, all, said, report);
}

}  // namespace audit
