#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "audit/judgement.h"
#include "net/foreign_text.h"
#include "node/azure_remedies.h"
#include "node/azure_routing.h"

namespace audit {

CidrIndex::CidrIndex(const std::vector<Member>& members) {
  for (const auto& member : members) {
    for (const auto& cidr : member.cidrs) {
      by_cidr_.emplace(cidr, &member);
      auto& lengths = lengths_[cidr.family()];
      if (std::find(lengths.begin(), lengths.end(), cidr.length()) == lengths.end())
        lengths.push_back(cidr.length());
    }
  }
}

const Member* CidrIndex::of(const net::Prefix& prefix) const {
  const auto found = by_cidr_.find(prefix);
  return found == by_cidr_.end() ? nullptr : found->second;
}

const Member* CidrIndex::around(const net::Prefix& prefix) const {
  const auto lengths = lengths_.find(prefix.family());
  if (lengths == lengths_.end()) return nullptr;
  for (const auto length : lengths->second) {
    if (length >= prefix.length()) continue;
    const auto network = net::Prefix::around(prefix.network(), length);
    if (!network) continue;
    if (const auto* member = of(*network)) return member;
  }
  return nullptr;
}

bool CidrIndex::any_within(const net::Prefix& prefix) const {
  const auto next = by_cidr_.lower_bound(prefix);
  return next != by_cidr_.end() && prefix.contains(next->first);
}

bool CidrIndex::has_length(const net::Prefix& prefix) const {
  const auto lengths = lengths_.find(prefix.family());
  return lengths != lengths_.end() &&
         std::find(lengths->second.begin(), lengths->second.end(), prefix.length()) != lengths->second.end();
}

bool Ground::is_new(const Member& member) const {
  // As long as checks/azure_state.h gives the route controller and the cloud provider.
  return read_at - member.node->created < node::kRouteMayTake;
}

namespace {

using node::RouteWay;
using observed::AzureRoute;
using observed::AzureRouteTable;

using Routes = std::set<const AzureRoute*>;

bool counts(const AzureRoute& route) { return route.prefix && route.provisioning_state != "Deleting"; }

std::string hop_text(const AzureRoute& route) {
  return route.next_hop ? route.next_hop->text() : route.next_hop_type;
}

std::string table_text(const AzureRouteTable& table) {
  return fmt::format("route table {}", node::name_of(table.id));
}

/// Routes of one table by name and next hop, for thousands of nodes.
class TableView {
 public:
  explicit TableView(const AzureRouteTable& table) : table_(table) {
    for (const auto& route : table.routes) {
      by_name_.emplace(net::lower(route.name), &route);
      if (route.prefix) by_prefix_.emplace(*route.prefix, &route);
    }
  }
  [[nodiscard]] const AzureRouteTable& table() const { return table_; }
  [[nodiscard]] const AzureRoute* named(const std::string& name) const {
    const auto found = by_name_.find(net::lower(name));
    return found == by_name_.end() ? nullptr : found->second;
  }
  [[nodiscard]] const AzureRoute* to(const net::Prefix& prefix) const {
    const auto found = by_prefix_.find(prefix);
    return found == by_prefix_.end() ? nullptr : found->second;
  }

 private:
  const AzureRouteTable& table_;
  std::map<std::string, const AzureRoute*> by_name_;
  std::map<net::Prefix, const AzureRoute*> by_prefix_;
};

/// Among the ranges that the caller has told; inferred ones hold every node's CIDR anyway.
bool is_in_pod_range(const Ground& ground, const net::Prefix& prefix) {
  return net::any_contains(ground.pod_ranges, prefix);
}

/// True where a hop that is wrong can only have been a node's: the route has the node's name, or leads to
/// where nodes are. A hop in another subnet may be a firewall, put between on purpose.
bool was_a_nodes(const Ground& ground, const Member& member, const AzureRoute& route) {
  if (node::is_named_after(member.name(), route.name)) return true;
  if (!route.next_hop) return false;
  const auto subnets = ground.map.subnets();
  return std::any_of(subnets.begin(), subnets.end(), [&route](const observed::AzureSubnet* subnet) {
    return std::any_of(subnet->prefixes.begin(), subnet->prefixes.end(),
                       [&route](const net::Prefix& each) { return each.contains(*route.next_hop); });
  });
}

remedy::Remedy lead_to(const Ground& ground, const Member& member, const AzureRouteTable& table,
                       const AzureRoute& route, const net::Prefix& cidr, const net::Address& address) {
  if (route.prefix == cidr && is_in_pod_range(ground, cidr) && was_a_nodes(ground, member, route)) {
    return node::redirect_route(table, route.name, address);
  }
  return remedy::edit("lead {} of table {} to {} if nobody has put {} between on purpose", route.name,
                      node::name_of(table.id), address.text(), hop_text(route));
}

/// `moved` gets the route that becomes the one that is missing.
remedy::Remedy make_route(const Ground& ground, const Member& member, const TableView& view,
                          const net::Prefix& cidr, const net::Address& address, Routes& moved) {
  const auto& table = view.table();
  if (!is_in_pod_range(ground, cidr))
    return remedy::edit("{} is outside --cluster-cidr: correct the one or spec.podCIDRs of node {}",
                        cidr.text(), member.name());
  const auto name = node::cloud_route_name(member.name(), cidr, member.cidrs.size());
  const auto* taken = view.named(name);
  if (taken == nullptr) return node::create_route(table, name, cidr, address);
  const bool is_former = counts(*taken) && taken->next_hop &&
                         std::find(member.addresses.begin(), member.addresses.end(), *taken->next_hop) !=
                             member.addresses.end() &&
                         ground.cidrs.of(*taken->prefix) == nullptr;
  if (is_former && is_in_pod_range(ground, *taken->prefix)) {
    moved.insert(taken);
    return node::move_route(table, taken->name, cidr, address);
  }
  return remedy::edit(
      "route {} of table {} leads {} to {}: rename it, for the cloud provider needs this name for {}",
      taken->name, node::name_of(table.id), taken->destination, hop_text(*taken), cidr.text());
}

void judge_way(const Ground& ground, const Member& member, const TableView& view, const net::Prefix& cidr,
               Routes& moved, Report& report) {
  const auto& table = view.table();
  // Most routes are right, and are found by their prefix alone.
  if (const auto* exact = view.to(cidr);
      exact != nullptr && exact->provisioning_state == "Succeeded" && exact->next_hop &&
      std::find(member.addresses.begin(), member.addresses.end(), *exact->next_hop) != member.addresses.end())
    return;
  const auto way = node::way_to(table, cidr, member.addresses);
  const auto address = member.address(cidr.family());
  const auto add = [&](Cause cause, std::string message, remedy::Remedy remedy) {
    report.findings.push_back({.cause = cause,
                               .object = member.name(),
                               .where = table_text(table),
                               .message = std::move(message),
                               .remedy = std::move(remedy)});
  };
  if (way.is == RouteWay::Is::right) return;
  if (!address) {
    report.unknowns.push_back(
        {.object = member.name(),
         .why = fmt::format("no {} address of its NIC is known", net::family_name(cidr.family()))});
    return;
  }
  if (way.is == RouteWay::Is::changing) {
    report.unknowns.push_back(
        {.object = member.name(), .why = "Azure is changing its route", .passes = true});
    return;
  }
  if (ground.is_new(member)) {
    report.unknowns.push_back({.object = member.name(),
                               .why = "the node is so new that its route may not be there yet",
                               .passes = true});
    return;
  }
  if (way.is == RouteWay::Is::missing) {
    add(Cause::route_missing, fmt::format("no route to {}", cidr.text()),
        make_route(ground, member, view, cidr, *address, moved));
  } else if (way.is == RouteWay::Is::failed) {
    add(Cause::route_failed, fmt::format("route {} to {} is in state Failed", way.route->name, cidr.text()),
        lead_to(ground, member, table, *way.route, cidr, *address));
  } else {
    add(Cause::route_elsewhere,
        fmt::format("route {} leads {} to {}, not to {}", way.route->name, way.route->destination,
                    hop_text(*way.route), address->text()),
        lead_to(ground, member, table, *way.route, cidr, *address));
  }
}

remedy::Remedy take_away(const AzureRouteTable& table, const AzureRoute& route) {
  return remedy::edit(
      "once it is certain that nobody has {}: az network route-table route delete --subscription {} "
      "--resource-group {} --route-table-name {} --name {}",
      route.destination, node::segment_of(table.id, "subscriptions"),
      node::segment_of(table.id, "resourceGroups"), node::name_of(table.id), route.name);
}

/// Routes that no node's CIDR asks for.
void judge_others(const Ground& ground, const AzureRouteTable& table, const Routes& moved, Report& report) {
  std::set<net::Prefix> seen;
  const auto subnets = ground.map.subnets();
  for (const auto& route : table.routes) {
    if (!counts(route) || moved.contains(&route)) continue;
    const auto& prefix = *route.prefix;
    const auto add = [&](Cause cause, std::string message, remedy::Remedy remedy, std::size_t nodes) {
      report.findings.push_back({.cause = cause,
                                 .object = route.name,
                                 .where = table_text(table),
                                 .message = std::move(message),
                                 .remedy = std::move(remedy),
                                 .nodes = nodes});
    };
    if (!seen.insert(prefix).second) {
      add(Cause::route_doubled, fmt::format("another route leads to {}, too", prefix.text()),
          remedy::edit("take one of the routes to {} out of table {}", prefix.text(),
                       node::name_of(table.id)),
          0);
      continue;
    }
    if (ground.cidrs.of(prefix) != nullptr || !route.next_hop) continue;
    const bool is_of_one = prefix.length() == net::address_bits(prefix.family());
    if (const auto* around = ground.cidrs.around(prefix)) {
      const auto& own = around->addresses;
      // A host route was added on purpose, for a gateway in a pod for example.
      if (is_of_one || std::find(own.begin(), own.end(), *route.next_hop) != own.end()) continue;
      add(Cause::route_diverting,
          fmt::format("leads {}, a part of the pods of node {}, to {}", prefix.text(), around->name(),
                      hop_text(route)),
          remedy::edit("take route {} out of table {}, unless somebody has put {} between on purpose",
                       route.name, node::name_of(table.id), hop_text(route)),
          1);
      continue;
    }
    const bool holds_subnet = std::any_of(subnets.begin(), subnets.end(), [&prefix](const auto* subnet) {
      return std::any_of(subnet->prefixes.begin(), subnet->prefixes.end(),
                         [&prefix](const net::Prefix& each) { return each.overlaps(prefix); });
    });
    if (ground.cidrs.any_within(prefix) || holds_subnet || !ground.cidrs.has_length(prefix) ||
        !is_in_pod_range(ground, prefix))
      continue;
    add(Cause::route_stale,
        fmt::format("leads {} to {}, and no node has these pods", prefix.text(), hop_text(route)),
        take_away(table, route), 0);
  }
}

/// The common network of two prefixes of a family.
net::Prefix common(const net::Prefix& one, const net::Prefix& other) {
  auto length = std::min(one.length(), other.length());
  while (true) {
    const auto network = net::Prefix::around(one.network(), length);
    if (network && network->contains(other)) return *network;
    if (length == 0) return net::Prefix::any(one.family());
    --length;
  }
}

}  // namespace

std::vector<net::Prefix> inferred_ranges(const std::vector<Member>& members) {
  constexpr unsigned kOfIpv4 = 16;
  constexpr unsigned kOfIpv6 = 48;
  std::map<net::Prefix, net::Prefix> ranges;
  for (const auto& member : members) {
    for (const auto& cidr : member.cidrs) {
      const auto wide = cidr.family() == net::Family::ipv4 ? kOfIpv4 : kOfIpv6;
      const auto group = net::Prefix::around(cidr.network(), std::min<unsigned>(wide, cidr.length()));
      if (!group) continue;
      const auto [range, is_new] = ranges.emplace(*group, cidr);
      if (!is_new) range->second = common(range->second, cidr);
    }
  }
  std::vector<net::Prefix> all;
  for (const auto& [group, range] : ranges) all.push_back(range);
  return all;
}

void take_cidrs_from_tables(Map& map) {
  std::map<const AzureRouteTable*, std::multimap<net::Address, const AzureRoute*>> by_hop;
  for (auto& member : map.members()) {
    if (!member.cidrs.empty() || member.subnet == nullptr || member.subnet->route_table_id.empty()) continue;
    const auto* table = map.table(member.subnet->route_table_id);
    if (table == nullptr) continue;
    auto& routes = by_hop[table];
    if (routes.empty()) {
      for (const auto& route : table->routes) {
        if (counts(route) && route.next_hop) routes.emplace(*route.next_hop, &route);
      }
    }
    for (const auto& address : member.addresses) {
      const auto [begin, end] = routes.equal_range(address);
      for (auto each = begin; each != end; ++each) {
        if (node::is_named_after(member.name(), each->second->name))
          member.cidrs.push_back(*each->second->prefix);
      }
    }
    member.cidrs_from_table = !member.cidrs.empty();
  }
}

void judge_routes(const Ground& ground, Report& report) {
  for (const auto* table : ground.tables) {
    const TableView view(*table);
    Routes moved;
    for (const auto& member : ground.map.members()) {
      // The one is among the unknown; of the other it is not known where its pods are.
      if (member.addresses.empty() || member.is_doubled) continue;
      for (const auto& cidr : member.cidrs) judge_way(ground, member, view, cidr, moved, report);
    }
    judge_others(ground, *table, moved, report);
  }
}

void judge_cidrs(std::vector<Member>& members, bool cidrs_are_needed,
                 std::chrono::system_clock::time_point read_at, Report& report) {
  std::map<net::Prefix, Member*> sorted;
  const auto doubled = [&report](Member& one, Member& other, const net::Prefix& cidr) {
    one.is_doubled = true;
    other.is_doubled = true;
    report.findings.push_back(
        {.cause = Cause::cidr_doubled,
         .object = other.name(),
         .where = {},
         .message = fmt::format("{} is a pod CIDR of nodes {} and {}", cidr.text(), one.name(), other.name()),
         .remedy = remedy::edit("drain node {} and have it registered anew, so that it gets another pod CIDR",
                                other.name()),
         .nodes = 2});
  };
  for (auto& member : members) {
    for (const auto& cidr : member.cidrs) {
      const auto [same, is_new] = sorted.emplace(cidr, &member);
      if (!is_new && same->second != &member) doubled(*same->second, member, cidr);
    }
    if (!member.cidrs.empty() || !cidrs_are_needed) continue;
    if (read_at - member.node->created < node::kRouteMayTake) {
      report.unknowns.push_back({.object = member.name(),
                                 .why = "the node is so new that it may have no pod CIDR yet",
                                 .passes = true});
      continue;
    }
    report.findings.push_back(
        {.cause = Cause::cidr_missing,
         .object = member.name(),
         .where = {},
         .message = "spec.podCIDRs is empty",
         .remedy = remedy::edit("start kube-controller-manager with --allocate-node-cidrs=true and a "
                                "--cluster-cidr that has room for more nodes")});
  }
  const std::pair<const net::Prefix, Member*>* before = nullptr;
  for (const auto& each : sorted) {
    if (before != nullptr && before->first.contains(each.first) && before->second != each.second) {
      doubled(*before->second, *each.second, each.first);
      continue;  // the wider one may hold more
    }
    before = &each;
  }
}

}  // namespace audit
