#include "audit/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace audit {
namespace {

constexpr auto kLost = "Azure drops pods' packets to and from these nodes, silently";

constexpr std::array kRows = std::to_array<CauseRow>({
    {Cause::subnet_without_table, "subnet.no_table", "a subnet of nodes has no route table", kLost},
    {Cause::subnet_with_other_table, "subnet.other_table",
     "a subnet of nodes has a route table without the nodes' routes", kLost},
    {Cause::security_group, "security_group.denies", "a network security group drops what pods send",
     "Azure drops these packets silently, and pods of different nodes do not reach each other"},
    {Cause::forwarding_off, "nic.forwarding_off", "IP forwarding is off for the NIC", kLost},
    {Cause::route_missing, "route.missing", "no route leads to the node's pods",
     "packets for these pods are lost in Azure"},
    {Cause::route_elsewhere, "route.elsewhere", "the route to the node's pods leads elsewhere",
     "packets for these pods are lost; the cloud provider never repairs a next hop"},
    {Cause::route_failed, "route.failed", "a route is in state Failed",
     "Azure has given it up: whether it is in effect is not known"},
    {Cause::route_diverting, "route.diverting", "a longer route leads a part of the node's pods elsewhere",
     "packets for this part are lost"},
    {Cause::cidr_doubled, "cidr.doubled", "two nodes have the same pod CIDR",
     "Azure leads to one of them alone, and two pods may have one address"},
    {Cause::cidr_missing, "cidr.missing", "a node has no pod CIDR",
     "its pods get no addresses that a route leads to"},
    {Cause::route_doubled, "route.doubled", "two routes have the same prefix",
     "which of them Azure takes is not told"},
    {Cause::route_stale, "route.stale", "a route leads to pods that no node has",
     "it takes room in the table, and the next node with this CIDR is lost"},
    {Cause::table_full, "table.full", "a route table is nearly full", "the next nodes get no route"},
});

}  // namespace

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

const CauseRow& row_of(Cause cause) { return kRows.at(static_cast<std::size_t>(cause)); }

std::vector<Group> groups_of(const Report& report) {
  std::map<std::pair<Cause, std::string>, Group> groups;
  for (const auto& finding : report.findings) {
    auto& group = groups[{finding.cause, finding.where}];
    group.cause = finding.cause;
    group.where = finding.where;
    group.nodes += finding.nodes;
    group.findings.push_back(&finding);
  }
  std::vector<Group> all;
  all.reserve(groups.size());
  for (auto& [key, group] : groups) all.push_back(std::move(group));
  std::stable_sort(all.begin(), all.end(), [](const Group& one, const Group& other) {
    return one.cause != other.cause ? one.cause < other.cause : one.nodes > other.nodes;
  });
  return all;
}

std::vector<Doubt> doubts_of(const Report& report) {
  std::vector<Doubt> doubts;
  std::map<std::pair<bool, std::string>, std::size_t> known;
  for (const auto& unknown : report.unknowns) {
    const auto [place, is_new] = known.emplace(std::pair(unknown.passes, unknown.why), doubts.size());
    if (is_new) doubts.push_back({.why = unknown.why, .passes = unknown.passes, .unknowns = {}});
    doubts[place->second].unknowns.push_back(&unknown);
  }
  std::stable_sort(doubts.begin(), doubts.end(),
                   [](const Doubt& one, const Doubt& other) { return !one.passes && other.passes; });
  return doubts;
}

Verdict verdict_of(const Report& report) {
  const auto blind = std::count_if(report.unknowns.begin(), report.unknowns.end(),
                                   [](const Unknown& each) { return !each.passes; });
  const auto unknown = blind == 0 ? std::string() : "; not everything could be looked at";
  if (!report.findings.empty()) {
    const auto groups = groups_of(report);
    return {.is = Verdict::Is::broken,
            .sentence = fmt::format("{} of {}{}", counted(report.findings.size(), "finding", "findings"),
                                    counted(groups.size(), "cause", "causes"), unknown)};
  }
  if (blind > 0 && report.counts.nodes == 0)
    return {.is = Verdict::Is::undetermined, .sentence = "could not look"};
  if (blind > 0)
    return {.is = Verdict::Is::undetermined,
            .sentence = "nothing was found, but not everything could be looked at"};
  return {.is = Verdict::Is::fine, .sentence = "nothing was found"};
}

}  // namespace audit
