#include "checks/fills.h"

#include <algorithm>
#include <iterator>

#include "checks/pod_network.h"
#include "node/azure_routing.h"

namespace checks {
namespace {

std::optional<Fill> pod_addresses(const Facts& facts) {
  const auto cni = seen_cni(facts);
  if (!cni) return std::nullopt;
  if (const auto& azure = (*cni)->azure; azure && azure->pool)
    return Fill{.used = azure->pool->in_use, .room = azure->pool->known};
  const auto seen = seen_network(facts);
  const auto& networks = (*cni)->host_local;
  const auto* network = seen && networks ? network_named(*networks, seen->name) : nullptr;
  if (network == nullptr || facts.policy.node_cidrs.empty()) return std::nullopt;
  Fill fill;
  for (const auto& cidr : facts.policy.node_cidrs) {
    if (cidr.family() != net::Family::ipv4) continue;  // an IPv6 range is never full
    fill.used += reserved_of(*network, cidr).size();
    fill.room += usable_addresses(cidr);
  }
  return fill;
}

std::optional<Fill> azure_routes(const Facts& facts) {
  const auto& azure = facts.cloud_state->azure;
  if (!azure || !azure->route_table || !*azure->route_table) return std::nullopt;
  return Fill{.used = (*azure->route_table)->routes.size(), .room = node::kRouteTableLimits.front()};
}

std::optional<Fill> conntrack(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host || !(*host)->conntrack) return std::nullopt;
  return Fill{.used = (*host)->conntrack->entries, .room = (*host)->conntrack->room};
}

}  // namespace

Fills fills(const Facts& facts) {
  return {.conntrack = conntrack(facts),
          .pod_addresses = pod_addresses(facts),
          .azure_routes = azure_routes(facts)};
}

std::uint64_t usable_addresses(const net::Prefix& cidr) {
  const auto host_bits = net::address_bits(cidr.family()) - cidr.length();
  // No node has 2^32 pods: how many more there are does not matter.
  const auto size = std::uint64_t{1} << std::min(host_bits, 32U);
  return size > 3 ? size - 3 : 0;
}

std::vector<net::Address> reserved_of(const observed::HostLocalNetwork& network, const net::Prefix& cidr) {
  std::vector<net::Address> reserved;
  std::copy_if(network.reserved.begin(), network.reserved.end(), std::back_inserter(reserved),
               [&cidr](const auto& address) { return cidr.contains(address); });
  return reserved;
}

const observed::HostLocalNetwork* network_named(const std::vector<observed::HostLocalNetwork>& networks,
                                                std::string_view name) {
  const auto found = std::find_if(networks.begin(), networks.end(),
                                  [name](const auto& each) { return node::name_of(each.folder) == name; });
  return found == networks.end() ? nullptr : &*found;
}

}  // namespace checks
