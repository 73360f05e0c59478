#include "agent/core/azure_routing.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "agent/core/standing.h"

namespace agent {
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

}  // namespace

AzureChoice azure_choice(const net::AzureRouteTable* table, const net::AzureVirtualNetwork* network,
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

std::vector<net::Prefix> cidrs_of_other_nodes(const Policy& policy, const Evidence& evidence) {
  if (policy.mode != Mode::udr || policy.node_cidrs.empty() || !evidence.azure) return {};
  if (policy.cluster_cidrs.size() > kAlwaysLookedUp) return {};  // nobody asks then
  const auto& [read_at, nic, subnet, table, network] = *evidence.azure;
  if (!nic || !table || !*table) return {};
  const auto leads_here = [&own = nic->configurations](const net::AzureRoute& route) {
    return std::any_of(own.begin(), own.end(),
                       [&route](const auto& each) { return route.next_hop == each.address; });
  };
  std::vector<net::Prefix> others;
  for (const auto& route : (*table)->routes) {
    if (!route.prefix || route.provisioning_state == "Deleting" || leads_here(route)) continue;
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

}  // namespace agent
