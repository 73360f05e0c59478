#include <fmt/format.h>

#include <algorithm>

#include "checks/azure_state.h"
#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "checks/remedies.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"
#include "node/own_node.h"

namespace checks {
namespace {

std::string hop_text(const observed::AzureRoute& route) {
  return route.next_hop ? route.next_hop->text() : route.next_hop_type;
}

remedy::Remedy wait_for_azure() {
  return remedy::edit("wait until Azure has done it, or look at the activity log of the route table");
}

constexpr auto kSeeNodeCidr = "see pods.node_cidr";

/// No printed command changes a route that may be another node's.
remedy::Remedy lead_here(const Facts& facts, const observed::AzureRouteTable& table,
                         const observed::AzureRoute& route, const net::Address& address) {
  if (is_evidently_own(facts, route)) return redirect_route(table, route.name, address);
  return remedy::edit(
      "it is not known here whose pods {} are: lead {} of table {} to {} if they are on this node, "
      "else correct its source, pods.node_cidrs or spec.podCIDRs",
      route.destination, route.name, node::name_of(table.id), address.text());
}

/// What is wrong with the way to one CIDR of this node's.
struct Astray {
  std::string what;
  remedy::Remedy remedy;
  bool passes_by_itself = false;  ///< Azure is at it
};

Astray route_missing(const Facts& facts, const observed::AzureRouteTable& table, const net::Prefix& cidr,
                     const net::Address& address) {
  const auto what = fmt::format("route table {} has no route to {}", node::name_of(table.id), cidr.text());
  if (!is_evidently_own(facts, table, cidr)) {
    return {.what = what,
            .remedy = remedy::edit("it is not known here that {} is the pod CIDR of this node, which "
                                   "lies outside pods.cluster_cidrs or holds other routes of table {}: "
                                   "correct its source, pods.node_cidrs or spec.podCIDRs",
                                   cidr.text(), node::name_of(table.id))};
  }
  if (const auto* former = former_route(facts, table, cidr)) {
    return {.what = fmt::format("route {} of this node still leads {} to {}, and none leads its {}",
                                former->name, former->destination, hop_text(*former), cidr.text()),
            .remedy = move_route(table, former->name, cidr, address)};
  }
  const auto name = cloud_route_name(facts, cidr);
  const auto taken = std::find_if(table.routes.begin(), table.routes.end(), [&name](const auto& each) {
    return net::same_ignoring_case(each.name, name);
  });
  if (taken != table.routes.end()) {
    return {.what = fmt::format("{}, and {} leads {} to {}", what, taken->name, taken->destination,
                                hop_text(*taken)),
            .remedy =
                remedy::edit("rename route {} of table {}, or lead it from {} to {} where it was that of "
                             "this node before: the cloud provider needs that name for the route to {}",
                             taken->name, node::name_of(table.id), cidr.text(), address.text(), cidr.text())};
  }
  return {.what = what, .remedy = create_route(table, name, cidr, address)};
}

std::optional<Astray> astray(const Facts& facts, const observed::AzureRouteTable& table,
                             const net::Prefix& cidr, const net::Address& address) {
  const auto [way, route] = node::way_to(table, cidr, own_addresses(facts));
  switch (way) {
    case node::RouteWay::Is::right:
      return std::nullopt;
    case node::RouteWay::Is::missing:
      return route_missing(facts, table, cidr, address);
    case node::RouteWay::Is::failed:
      return Astray{.what = fmt::format("the route {} to {} is in state Failed", route->name, cidr.text()),
                    .remedy = lead_here(facts, table, *route, address)};
    case node::RouteWay::Is::changing:
      return Astray{.what = fmt::format("the route {} to {} is in state {}", route->name, cidr.text(),
                                        route->provisioning_state),
                    .remedy = wait_for_azure(),
                    .passes_by_itself = true};
    case node::RouteWay::Is::elsewhere:
      break;
  }
  return Astray{.what = fmt::format("route {} leads {} to {}, not to this node", route->name,
                                    route->destination, hop_text(*route)),
                .remedy = lead_here(facts, table, *route, address)};
}

/// The routes that azure.node_route names and moves.
std::vector<const observed::AzureRoute*> named_by_node_route(const Facts& facts,
                                                             const observed::AzureRouteTable& table) {
  std::vector<const observed::AzureRoute*> named;
  for (const auto& cidr : facts.policy.node_cidrs) {
    const auto* route = route_for(facts, table, cidr);
    named.push_back(route != nullptr ? route : former_route(facts, table, cidr));
  }
  return named;
}

/// A route of another prefix that takes this node's packets away, or brings others' here.
std::optional<Astray> stray(const Facts& facts, const observed::AzureRouteTable& table,
                            const observed::AzureRoute& route) {
  const auto& own = facts.policy.node_cidrs;
  const bool to_us = is_own_address(facts, route.next_hop);
  const bool within_own = net::any_contains(own, *route.prefix);
  const auto address = facts.nic.nic->azure.primary(route.prefix->family());
  if (within_own && !to_us && address) {
    return Astray{.what = fmt::format("route {} leads {} to {}, not to this node", route.name,
                                      route.destination, hop_text(route)),
                  .remedy = lead_here(facts, table, route, *address)};
  }
  // A route that covers a CIDR of this node is right: longer routes lead the rest to other nodes.
  const bool covers_own = std::any_of(own.begin(), own.end(),
                                      [&route](const auto& cidr) { return route.prefix->contains(cidr); });
  // A host route was added on purpose, for a gateway in a pod for example; the cloud provider adds none.
  const bool is_of_one = route.prefix->length() == net::address_bits(route.prefix->family());
  if (!to_us || within_own || covers_own || is_of_one || !is_pod_range(facts, *route.prefix))
    return std::nullopt;
  return Astray{
      .what = fmt::format("route {} leads {} to this node, whose pod CIDR is {}", route.name,
                          route.destination, net::joined(own)),
      .remedy = remedy::edit("it is not known here whose pods these are: lead {} of table {} to the "
                             "node that has them, or take it away where none has, as the cloud provider does",
                             route.name, node::name_of(table.id))};
}

}  // namespace

Finding azure_node_route(const Facts& facts) {
  if (auto nothing = nothing_from_azure(facts)) return *nothing;
  const auto* table = table_of(*facts.cloud_state->azure);
  if (table == nullptr) return without_table(*facts.cloud_state->azure);
  if (facts.policy.node_cidrs.empty() || !facts.nic.nic)
    return Finding::unknown("this node's pod CIDR is not known, see pods.node_cidr");
  std::optional<Astray> first;
  remedy::Remedy all;
  for (const auto& cidr : facts.policy.node_cidrs) {
    const auto address = facts.nic.nic->azure.primary(cidr.family());
    if (!address)
      return Finding::unknown(
          fmt::format("no {} address of this NIC is known", net::family_name(cidr.family())));
    auto wrong = astray(facts, *table, cidr, *address);
    if (!wrong) continue;
    if (!wrong->passes_by_itself) all = all.then(wrong->remedy);
    if (!first || (first->passes_by_itself && !wrong->passes_by_itself)) first = std::move(wrong);
  }
  if (!first) {
    return Finding::pass(
        fmt::format("route table {} leads this node's pod CIDR to this NIC", node::name_of(table->id)));
  }
  if (node::is_another_machines(facts.cloud_state->node))
    return Finding::unknown(first->what + ", unless that is another machine's: see kubernetes.node_cidr");
  if (first->passes_by_itself) return Finding::unless_required(first->what, first->remedy);
  if (!dispute_over_node_cidrs(facts).empty()) {
    return Finding::unless_required(fmt::format("{}; {}", first->what, kSeeNodeCidr),
                                    remedy::edit("see pods.node_cidr"));
  }
  if (is_too_new_for_its_route(facts)) {
    return Finding::unless_required(
        fmt::format("{}; a route may take {} s", first->what, kRouteMayTake.count()), all);
  }
  return Finding::fail(first->what, all);
}

Finding azure_stale_routes(const Facts& facts) {
  if (auto nothing = nothing_from_azure(facts)) return *nothing;
  const auto& azure = *facts.cloud_state->azure;
  const auto* table = table_of(azure);
  if (table == nullptr) {
    if (!azure.route_table) return Finding::unknown(azure.route_table.error().what);
    return Finding::skip("the subnet has no route table, see azure.route_table");
  }
  if (facts.policy.node_cidrs.empty() || !facts.nic.nic)
    return Finding::unknown("this node's pod CIDR is not known, see pods.node_cidr");
  const auto named = named_by_node_route(facts, *table);
  for (const auto& route : table->routes) {
    if (!route.prefix || route.provisioning_state == "Deleting") continue;
    if (std::find(named.begin(), named.end(), &route) != named.end()) continue;
    const auto wrong = stray(facts, *table, route);
    if (!wrong) continue;
    if (!dispute_over_node_cidrs(facts).empty()) {
      return Finding::unless_required(fmt::format("{}; {}", wrong->what, kSeeNodeCidr),
                                      remedy::edit("see pods.node_cidr"));
    }
    if (is_too_new_for_its_route(facts)) {
      return Finding::unless_required(
          fmt::format("{}; a route may take {} s", wrong->what, kRouteMayTake.count()), wrong->remedy);
    }
    return Finding::fail(wrong->what, wrong->remedy);
  }
  return Finding::pass(
      fmt::format("no route of {} contradicts this node's pod CIDR", node::name_of(table->id)));
}

std::vector<Check> rows_of_azure_routes() {
  return {
      {.order = 180,
       .id = "azure.node_route",
       .group = Group::azure,
       .needs_kubelet = NeedsKubelet::always,
       .once_mode_is_known = true,
       .why = "packets for this node's pods are lost in Azure; the cloud provider never repairs a next hop",
       .look = azure_node_route},
      {.order = 190,
       .id = "azure.stale_routes",
       .group = Group::azure,
       .once_mode_is_known = true,
       .why = "packets for pods go to a node that does not have them, and are lost",
       .look = azure_stale_routes},
  };
}

}  // namespace checks
