#include "audit/audit.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/judgement.h"
#include "node/azure_routing.h"

namespace audit {
namespace {

ClusterMode mode_of(const Options& options, std::span<const observed::ClusterNode> nodes) {
  if (options.mode) return {options.mode, "as --mode says"};
  return mode_by_nodes(nodes);
}

void add_unusable(const observed::Cluster& cluster, Report& report) {
  std::size_t without_machine = 0;
  for (const auto& node : *cluster.nodes) {
    if (node.is_virtual) ++without_machine;
    if (!node.is_virtual && !node.unusable.empty())
      report.unknowns.push_back({.object = node.name, .why = node.unusable});
  }
  if (without_machine > 0)
    report.notes.push_back(
        fmt::format("{} Nodes of a virtual kubelet, which have no machine, are left out", without_machine));
}

/// What may be why no mode shows.
void add_blind_spots(const Map& map, Report& report) {
  for (const auto& member : map.members()) {
    if (member.unknown.empty()) continue;
    const auto& name = member.name();
    report.unknowns.push_back({.object = name.empty() ? "a Node" : std::string(name), .why = member.unknown});
  }
  for (const auto* subnet : map.subnets()) {
    if (subnet->route_table_id.empty() || map.table(subnet->route_table_id) != nullptr) continue;
    report.unknowns.push_back({.object = fmt::format("the routes of subnet {}", node::name_of(subnet->id)),
                               .why = map.why_no_table(subnet->route_table_id)});
  }
  if (!map.unlisted_tables().empty())
    report.unknowns.push_back({.object = "route tables that no subnet has", .why = map.unlisted_tables()});
}

void count(const Map& map, const Ground& ground, const observed::Cluster& cluster, Report& report) {
  report.counts.nics = static_cast<std::size_t>(std::count_if(
      map.members().begin(), map.members().end(), [](const auto& each) { return each.nic != nullptr; }));
  report.counts.subnets = map.subnets().size();
  report.counts.tables = ground.tables.size();
  for (const auto* table : ground.tables) report.counts.routes += table->routes.size();
  report.counts.security_groups = cluster.security_groups.size();
}

void add_ranges_note(const Ground& ground, const Map& map, Report& report) {
  if (ground.pod_ranges.empty()) return;
  std::vector<net::Prefix> outside;
  for (const auto& range : ground.pod_ranges) {
    const bool is_inside =
        std::any_of(map.members().begin(), map.members().end(), [&range](const Member& each) {
          return each.network != nullptr && net::any_contains(each.network->network.address_space, range);
        });
    if (!is_inside) outside.push_back(range);
  }
  if (!ground.ranges_are_told)
    report.notes.push_back(
        fmt::format("pods are taken to be in {}, as nodes' pod CIDRs are; --cluster-cidr says it "
                    "better: routes outside of it are not judged",
                    net::joined(ground.pod_ranges)));
  const bool is_known = std::any_of(map.members().begin(), map.members().end(),
                                    [](const Member& each) { return each.network != nullptr; });
  if (is_known && !outside.empty())
    report.notes.push_back(
        fmt::format("pod CIDRs in {} are outside the virtual network: route tables alone lead "
                    "there, and from no other network without them",
                    net::joined(outside)));
}

void judge_udr(Map& map, const observed::Cluster& cluster, const Options& options, Report& report) {
  take_cidrs_from_tables(map);
  judge_cidrs(map.members(), /*cidrs_are_needed=*/true, cluster.read_at, report);
  const CidrIndex cidrs(map.members());
  const bool told = !options.cluster_cidrs.empty();
  Ground ground{.map = map,
                .cidrs = cidrs,
                .pod_ranges = told ? options.cluster_cidrs : inferred_ranges(map.members()),
                .ranges_are_told = told,
                .read_at = cluster.read_at};
  for (const auto& member : map.members()) {
    if (member.unknown.empty()) continue;
    const auto& name = member.name();
    report.unknowns.push_back({.object = name.empty() ? "a Node" : std::string(name), .why = member.unknown});
  }
  judge_subnets(ground, report);
  judge_forwarding(ground, report);
  judge_routes(ground, report);
  judge_security_groups(ground, report);
  count(map, ground, cluster, report);
  add_ranges_note(ground, map, report);
}

}  // namespace

bool needs_azure(const Options& options, std::span<const observed::ClusterNode> nodes) {
  return mode_of(options, nodes).mode.value_or(node::Mode::udr) == node::Mode::udr;
}

Report audit(const observed::Cluster& cluster, const Options& options) {
  Report report{.read_at = cluster.read_at, .mode = {}, .mode_reason = {}, .counts = {}};
  if (!cluster.nodes) {
    report.mode_reason = "the nodes could not be listed";
    report.unknowns.push_back({.object = "the nodes", .why = cluster.nodes.error().what});
    return report;
  }
  report.counts.nodes = cluster.nodes->size();
  if (cluster.nodes->empty()) {
    report.mode_reason = "there is no node";
    report.unknowns.push_back({.object = "the cluster", .why = "the list of nodes is empty"});
    return report;
  }
  add_unusable(cluster, report);
  Map map(cluster);
  auto mode = mode_of(options, *cluster.nodes);
  if (!mode.mode) mode = mode_by_network(map);
  report.mode = mode.mode;
  report.mode_reason = mode.reason;
  if (!mode.mode) {
    add_blind_spots(map, report);
    report.unknowns.push_back({.object = "the mode", .why = mode.reason});
    return report;
  }
  if (mode.mode == node::Mode::udr) {
    judge_udr(map, cluster, options, report);
    return report;
  }
  if (mode.mode == node::Mode::flannel)
    judge_cidrs(map.members(), /*cidrs_are_needed=*/true, cluster.read_at, report);
  report.notes.push_back(
      fmt::format("mode {} needs no route table, no IP forwarding of NICs and no security rule for pods: "
                  "they are not judged",
                  node::mode_name(*mode.mode)));
  return report;
}

}  // namespace audit
