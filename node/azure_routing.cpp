#include "node/azure_routing.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>

#include "net/foreign_text.h"
#include "routing/sync_status.h"

namespace node {

std::string_view segment_of(std::string_view id, std::string_view key) {
  bool next = false;
  while (!id.empty()) {
    const auto slash = id.find('/');
    const auto segment = id.substr(0, slash);
    if (next) return segment;
    next = net::same_ignoring_case(segment, key);
    if (slash == std::string_view::npos) break;
    id.remove_prefix(slash + 1);
  }
  return {};
}

std::string_view name_of(std::string_view id) { return id.substr(id.rfind('/') + 1); }

bool is_named_after(std::string_view node, std::string_view route) {
  if (node.empty() || route.size() < node.size()) return false;
  const auto rest = route.substr(node.size());
  return net::same_ignoring_case(route.substr(0, node.size()), node) &&
         (rest.empty() || rest.starts_with(kBeforeTheCidr));
}

std::string cloud_route_name(std::string_view node, const net::Prefix& cidr, std::size_t cidrs_of_node) {
  std::string name(node);
  if (cidrs_of_node < 2) return name;
  auto digits = cidr.text();
  std::erase_if(digits, [](char c) { return c == '.' || c == ':' || c == '/'; });
  return name.append(kBeforeTheCidr).append(digits);
}

namespace {

// Private and shared addresses go nowhere unless the virtual network or a route table has them.
constexpr std::array<std::string_view, 4> kNowhere = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                                      "100.64.0.0/10"};

struct Best {
  AzureChoice choice;
  const net::Address& destination;

  void offer(const net::Prefix& prefix, AzureChoice candidate) {
    if (!prefix.contains(destination) || prefix.length() < choice.prefix.length()) return;
    candidate.prefix = prefix;
    choice = std::move(candidate);
  }
};

using Routes = std::vector<observed::AzureRoute>;

bool is_own(const observed::AzureNic& nic, const observed::AzureRoute& route) {
  return route.next_hop &&
         std::any_of(nic.configurations.begin(), nic.configurations.end(),
                     [&route](const auto& each) { return each.address == *route.next_hop; });
}

bool counts(const observed::AzureRoute& route) {
  return route.prefix && route.provisioning_state != "Deleting";
}

bool holds_any(const net::Prefix& prefix, std::span<const net::Prefix> others) {
  return std::any_of(others.begin(), others.end(),
                     [&prefix](const net::Prefix& other) { return prefix.contains(other); });
}

/// Whether the prefix holds another route's, but for a single address: that one leads to a gateway in a pod.
bool holds_another_route(const Routes& routes, const net::Prefix& prefix) {
  return std::any_of(routes.begin(), routes.end(), [&prefix](const observed::AzureRoute& other) {
    return counts(other) && *other.prefix != prefix && prefix.contains(*other.prefix) &&
           other.prefix->length() < net::address_bits(prefix.family());
  });
}

/// Whether the table has a route to another node's pods that is no longer: /24s beside a /24.
bool has_fellows(const Policy& policy, const observed::AzureNic& nic, const Routes& routes,
                 const net::Prefix& prefix) {
  return !holds_another_route(routes, prefix) &&
         std::any_of(routes.begin(), routes.end(), [&](const observed::AzureRoute& other) {
           return counts(other) && !is_own(nic, other) && other.prefix->length() <= prefix.length() &&
                  std::any_of(policy.cluster_cidrs.begin(), policy.cluster_cidrs.end(),
                              [&other](const auto& cidr) {
                                return cidr != *other.prefix && cidr.contains(*other.prefix);
                              });
         });
}

}  // namespace

AzureChoice azure_choice(const observed::AzureRouteTable* table, const observed::AzureVirtualNetwork* network,
                         const net::Address& destination) {
  Best best{{net::Prefix::any(destination.family()), "Internet", std::nullopt, ""}, destination};
  for (const auto text : kNowhere) best.offer(*net::Prefix::parse(text), {{}, "None", std::nullopt, ""});
  if (network != nullptr) {
    for (const auto& prefix : network->address_space) best.offer(prefix, {{}, "VnetLocal", std::nullopt, ""});
  }
  if (table != nullptr) {
    for (const auto& route : table->routes) {
      if (!route.prefix || route.provisioning_state == "Deleting") continue;
      best.offer(*route.prefix, {{}, route.next_hop_type, route.next_hop, route.name});
    }
  }
  return best.choice;
}

const observed::AzureRoute* route_to(const observed::AzureRouteTable& table, const net::Prefix& prefix) {
  const auto found =
      std::find_if(table.routes.begin(), table.routes.end(),
                   [&prefix](const observed::AzureRoute& route) { return route.prefix == prefix; });
  return found == table.routes.end() ? nullptr : &*found;
}

const observed::AzureRoute* longest_route_over(const observed::AzureRouteTable& table,
                                               const net::Prefix& prefix) {
  const observed::AzureRoute* longest = nullptr;
  for (const auto& route : table.routes) {
    if (!counts(route) || !route.prefix->contains(prefix)) continue;
    if (longest == nullptr || route.prefix->length() > longest->prefix->length()) longest = &route;
  }
  return longest;
}

RouteWay way_to(const observed::AzureRouteTable& table, const net::Prefix& cidr,
                std::span<const net::Address> own) {
  const auto leads_to_own = [&own](const observed::AzureRoute& route) {
    return route.next_hop && std::find(own.begin(), own.end(), *route.next_hop) != own.end();
  };
  const auto* route = route_to(table, cidr);
  if (route == nullptr) {
    route = longest_route_over(table, cidr);
    if (route == nullptr || !leads_to_own(*route)) return {};
  }
  const auto& state = route->provisioning_state;
  if (state == "Failed") return {.is = RouteWay::Is::failed, .route = route};
  if (!state.empty() && state != "Succeeded") return {.is = RouteWay::Is::changing, .route = route};
  return {.is = leads_to_own(*route) ? RouteWay::Is::right : RouteWay::Is::elsewhere, .route = route};
}

bool can_be_one_nodes(const Policy& policy, const observed::AzureNetwork* azure, const net::Prefix& prefix) {
  if (holds_any(prefix, policy.cluster_cidrs.list())) return false;
  return azure == nullptr || !azure->subnet || !holds_any(prefix, azure->subnet->prefixes);
}

std::vector<net::Prefix> node_cidrs_of_table(const Policy& policy, const observed::AzureNetwork& azure,
                                             std::string_view node_name) {
  if (!azure.nic || !azure.route_table || !*azure.route_table) return {};
  const auto& routes = (*azure.route_table)->routes;
  const auto& clusters = policy.cluster_cidrs;
  std::vector<net::Prefix> found;
  for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
    std::set<net::Prefix> named;
    std::set<net::Prefix> fit;
    for (const auto& route : routes) {
      if (!counts(route) || !is_own(*azure.nic, route) || route.prefix->family() != family) continue;
      const auto& prefix = *route.prefix;
      if (!clusters.empty() && !net::any_contains(clusters, prefix)) continue;
      if (!can_be_one_nodes(policy, &azure, prefix)) continue;
      if (is_named_after(node_name, route.name)) named.insert(prefix);
      if (has_fellows(policy, *azure.nic, routes, prefix)) fit.insert(prefix);
    }
    const auto& told = named.empty() ? fit : named;
    if (told.size() == 1) found.push_back(*told.begin());
  }
  return found;
}

std::vector<net::Prefix> cidrs_of_other_nodes(const Policy& policy, const observed::CloudState& cloud_state) {
  if (policy.mode != Mode::udr || policy.node_cidrs.empty() || !cloud_state.azure) return {};
  if (policy.cluster_cidrs.size() > routing::kAlwaysLookedUp) return {};  // not used then
  const auto& [read_at, nic, subnet, table, network, security_groups] = *cloud_state.azure;
  if (!nic || !table || !*table) return {};
  std::vector<net::Prefix> others;
  for (const auto& route : (*table)->routes) {
    if (!counts(route) || is_own(*nic, route)) continue;
    const auto& prefix = *route.prefix;
    const bool of_cluster =
        std::any_of(policy.cluster_cidrs.begin(), policy.cluster_cidrs.end(),
                    [&prefix](const auto& cidr) { return cidr != prefix && cidr.contains(prefix); });
    const bool of_this_node = std::any_of(policy.node_cidrs.begin(), policy.node_cidrs.end(),
                                          [&prefix](const auto& cidr) { return cidr.overlaps(prefix); });
    if (of_cluster && !of_this_node) others.push_back(prefix);
  }
  return others;
}

}  // namespace node
