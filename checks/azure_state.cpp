#include "checks/azure_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "checks/pod_network.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"
#include "node/own_node.h"

namespace checks {
namespace {

bool is_own_cidr(const Facts& facts, const net::Prefix& prefix) {
  const auto& own = facts.policy.node_cidrs;
  return std::find(own.begin(), own.end(), prefix) != own.end();
}

bool is_contradicted(const Facts& facts) {
  return !dispute_over_node_cidrs(facts).empty() || !facts.node_cidrs.refused.empty() ||
         node::is_another_machines(facts.cloud_state->node);
}

/// The Node object of this very VM has the prefix.
bool is_vouched_for(const Facts& facts, const net::Prefix& prefix) {
  const auto& node = facts.cloud_state->node;
  if (!node || !*node || !facts.network) return false;
  if (node::identify_node(**node, *facts.network, *facts.links) != node::NodeIs::this_machine) return false;
  return net::any_contains((*node)->pod_cidrs, prefix);
}

}  // namespace

std::optional<Finding> without_route_table_mode(const Facts& facts) {
  if (facts.policy.mode == node::Mode::udr) return std::nullopt;
  return Finding::skip(
      fmt::format("mode {} does not route pods by a route table", node::mode_name(facts.policy.mode)));
}

std::optional<Finding> nothing_from_azure(const Facts& facts) {
  if (auto skipped = without_route_table_mode(facts)) return skipped;
  if (!facts.policy.azure_verified) return Finding::skip("azure.verify is off");
  if (!facts.cloud_state->azure) return Finding::unknown("Azure Resource Manager has not been asked yet");
  return std::nullopt;
}

const observed::AzureRouteTable* table_of(const observed::AzureNetwork& azure) {
  return azure.route_table && *azure.route_table ? &**azure.route_table : nullptr;
}

Finding without_table(const observed::AzureNetwork& azure) {
  if (!azure.route_table) return Finding::unknown(azure.route_table.error().what);
  return Finding::reported_by("azure.route_table", "the subnet has no route table", kAzureDrops);
}

const observed::AzureRoute* route_for(const Facts& facts, const observed::AzureRouteTable& table,
                                      const net::Prefix& prefix) {
  return node::way_to(table, prefix, own_addresses(facts)).route;
}

bool is_pod_range(const Facts& facts, const net::Prefix& prefix) {
  return net::any_contains(facts.policy.cluster_cidrs, prefix);
}

bool is_evidently_own(const Facts& facts, const observed::AzureRoute& route) {
  return route.prefix && node::is_named_after(facts.node_name, route.name) &&
         is_pod_range(facts, *route.prefix) && !is_contradicted(facts) &&
         (is_own_address(facts, route.next_hop) || is_vouched_for(facts, *route.prefix));
}

bool is_evidently_own(const Facts& facts, const observed::AzureRouteTable& table, const net::Prefix& cidr) {
  if (!is_pod_range(facts, cidr) || is_contradicted(facts)) return false;
  const auto& clusters = facts.policy.cluster_cidrs;
  const bool is_all = std::find(clusters.begin(), clusters.end(), cidr) != clusters.end();
  if (!is_all && is_vouched_for(facts, cidr)) return true;
  return std::none_of(table.routes.begin(), table.routes.end(), [&](const observed::AzureRoute& route) {
    return route.prefix && cidr.contains(*route.prefix) && !is_own_address(facts, route.next_hop);
  });
}

std::span<const net::Address> own_addresses(const Facts& facts) {
  if (!facts.nic.nic) return {};
  return facts.nic.nic->azure.addresses;
}

bool is_own_address(const Facts& facts, const std::optional<net::Address>& address) {
  const auto own = own_addresses(facts);
  return address && std::find(own.begin(), own.end(), *address) != own.end();
}

bool is_too_new_for_its_route(const Facts& facts) {
  const auto& cloud_state = *facts.cloud_state;
  const auto read_at =
      cloud_state.azure && cloud_state.azure->read_at ? *cloud_state.azure->read_at : facts.wall;
  // The API server knows it better than an agent that has just been installed.
  if (cloud_state.node && *cloud_state.node) return read_at - (*cloud_state.node)->created < kRouteMayTake;
  if (!facts.node_cidrs_since) return false;
  const auto known_for =
      std::chrono::duration_cast<net::WallTime::duration>(facts.now - *facts.node_cidrs_since);
  return read_at - (facts.wall - known_for) < kRouteMayTake;
}

bool leads_here(const Facts& facts, const observed::AzureRouteTable& table) {
  const auto& own = facts.policy.node_cidrs;
  return !own.empty() && std::all_of(own.begin(), own.end(), [&](const net::Prefix& cidr) {
    const auto* route = route_for(facts, table, cidr);
    return route != nullptr && is_own_address(facts, route->next_hop);
  });
}

std::string cloud_route_name(const Facts& facts, const net::Prefix& cidr) {
  return node::cloud_route_name(facts.node_name, cidr, facts.policy.node_cidrs.size());
}

const observed::AzureRoute* former_route(const Facts& facts, const observed::AzureRouteTable& table,
                                         const net::Prefix& cidr) {
  const auto is_former = [&](const observed::AzureRoute& route) {
    return route.prefix && route.prefix->family() == cidr.family() && !is_own_cidr(facts, *route.prefix) &&
           route.provisioning_state != "Deleting" && is_evidently_own(facts, route) &&
           is_own_address(facts, route.next_hop);
  };
  const auto found = std::find_if(table.routes.begin(), table.routes.end(), is_former);
  return found == table.routes.end() ? nullptr : &*found;
}

}  // namespace checks
