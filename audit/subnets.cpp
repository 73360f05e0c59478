#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "audit/judgement.h"
#include "net/foreign_text.h"
#include "node/azure_remedies.h"
#include "node/azure_routing.h"

namespace audit {
namespace {

using observed::AzureRouteTable;
using observed::AzureSubnet;

std::size_t nodes_in(const Map& map, const AzureSubnet* subnet) {
  return static_cast<std::size_t>(
      std::count_if(map.members().begin(), map.members().end(),
                    [subnet](const Member& each) { return each.subnet == subnet; }));
}

/// Routes to exactly a node's CIDR, wherever they lead.
std::size_t routes_of_nodes(const CidrIndex& cidrs, const AzureRouteTable& table) {
  return static_cast<std::size_t>(
      std::count_if(table.routes.begin(), table.routes.end(), [&cidrs](const auto& route) {
        return route.prefix && route.next_hop && cidrs.of(*route.prefix) != nullptr;
      }));
}

std::string network_text(const AzureSubnet& subnet) {
  return fmt::format("virtual network {}", node::segment_of(subnet.id, "virtualNetworks"));
}

remedy::Remedy associate(const Ground& ground, const AzureSubnet& subnet) {
  if (ground.main_table == nullptr)
    return remedy::edit(
        "associate the table of the cluster with subnet {}, as --route-table names it to the audit",
        subnet.id);
  return node::associate_table(subnet, ground.main_table->id);
}

void judge_fill(const AzureRouteTable& table, Report& report) {
  constexpr std::size_t kOfTen = 9;
  const auto count = table.routes.size();
  // A table has one of these limits, and one that is passed is not its.
  const auto limit = std::find_if(node::kRouteTableLimits.begin(), node::kRouteTableLimits.end(),
                                  [count](std::size_t each) { return count <= each; });
  const bool is_beyond = limit == node::kRouteTableLimits.end();
  if (!is_beyond && count * 10 < *limit * kOfTen) return;
  report.findings.push_back(
      {.cause = Cause::table_full,
       .object = std::string(node::name_of(table.id)),
       .where = {},
       .message = is_beyond ? fmt::format("{} routes, and Azure documents {} at most", count,
                                          node::kRouteTableLimits.back())
                            : fmt::format("{} routes; Azure allows 400, 600 or 1,000, AKS 400", count),
       .remedy =
           remedy::edit("ask for a higher limit, or move to an overlay before more nodes come: table {} "
                        "has {} routes",
                        node::name_of(table.id), count),
       .nodes = 0});
}

}  // namespace

bool is_run_by_aks(std::string_view id) {
  return net::lower(node::segment_of(id, "resourceGroups")).starts_with("mc_") ||
         net::lower(node::segment_of(id, "virtualMachineScaleSets")).starts_with("aks-");
}

void judge_subnets(Ground& ground, Report& report) {
  std::map<const AzureRouteTable*, std::size_t> routes;
  for (const auto* table : ground.map.tables()) routes[table] = routes_of_nodes(ground.cidrs, *table);
  for (const auto& [table, count] : routes) {
    if (count > 0 && (ground.main_table == nullptr || count > routes[ground.main_table]))
      ground.main_table = table;
  }
  std::set<const AzureRouteTable*> used;
  for (const auto* subnet : ground.map.subnets()) {
    const auto nodes = nodes_in(ground.map, subnet);
    const auto name = std::string(node::name_of(subnet->id));
    if (subnet->route_table_id.empty()) {
      report.findings.push_back({.cause = Cause::subnet_without_table,
                                 .object = name,
                                 .where = network_text(*subnet),
                                 .message = fmt::format("{} nodes are in it", nodes),
                                 .remedy = associate(ground, *subnet),
                                 .nodes = nodes});
      continue;
    }
    const auto* table = ground.map.table(subnet->route_table_id);
    if (table == nullptr) {
      report.unknowns.push_back({.object = fmt::format("the routes of subnet {}", name),
                                 .why = ground.map.why_no_table(subnet->route_table_id)});
      continue;
    }
    if (ground.main_table != nullptr && table != ground.main_table && routes[table] == 0) {
      report.findings.push_back(
          {.cause = Cause::subnet_with_other_table,
           .object = name,
           .where = network_text(*subnet),
           .message = fmt::format(
               "{} nodes are in it; it has table {}, and {} routes to nodes' pods are in {}", nodes,
               node::name_of(table->id), routes[ground.main_table], node::name_of(ground.main_table->id)),
           .remedy =
               remedy::edit("what is in {} is lost to the subnet with this: az network vnet subnet update "
                            "--ids {} --route-table {}",
                            node::name_of(table->id), subnet->id, ground.main_table->id),
           .nodes = nodes});
      continue;
    }
    if (used.insert(table).second) ground.tables.push_back(table);
  }
  // Nobody uses it yet, but the subnets that are to get it need it whole.
  if (ground.tables.empty() && ground.main_table != nullptr) ground.tables.push_back(ground.main_table);
  for (const auto* table : ground.tables) judge_fill(*table, report);
  if (ground.main_table == nullptr && !ground.map.unlisted_tables().empty())
    report.unknowns.push_back(
        {.object = "route tables that no subnet has", .why = ground.map.unlisted_tables()});
}

void judge_forwarding(const Ground& ground, Report& report) {
  // The model of a scale set is changed once for all of its instances.
  std::map<std::string, std::vector<const Member*>> by_model;
  for (const auto& member : ground.map.members()) {
    if (member.nic == nullptr || member.nic->nic.ip_forwarding) continue;
    const auto machine = observed::machine_of(member.nic->machine_id);
    const bool is_instance = machine && !machine->set.empty();
    const auto model =
        is_instance ? fmt::format("{}/{}/{}", machine->group, machine->set, node::name_of(member.nic->nic.id))
                    : member.nic->nic.id;
    by_model[net::lower(model)].push_back(&member);
  }
  for (const auto& [model, members] : by_model) {
    node::NicOwner owner{.is_run_by_aks = is_run_by_aks(members.front()->nic->nic.id) ||
                                          is_run_by_aks(members.front()->nic->machine_id)};
    for (std::size_t i = 1; i < members.size(); ++i)
      owner.other_instances.emplace_back(node::segment_of(members[i]->nic->nic.id, "virtualMachines"));
    for (const auto* member : members) {
      report.findings.push_back(
          {.cause = Cause::forwarding_off,
           .object = member->name(),
           .where = {},
           .message = fmt::format("IP forwarding is off for NIC {}", node::name_of(member->nic->nic.id)),
           .remedy = member == members.front() ? node::switch_forwarding_on(member->nic->nic, owner)
                                               : remedy::Remedy()});
    }
  }
}

}  // namespace audit
