#include "node/kernel_state.h"

#include "routing/desired.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>

namespace node {
namespace {

/// Whoever lists a hundred thousand lists them in order.
std::vector<net::Prefix> ascending(std::vector<net::Prefix> destinations) {
  if (!std::is_sorted(destinations.begin(), destinations.end()))
    std::sort(destinations.begin(), destinations.end());
  return destinations;
}

std::vector<net::Prefix> platform_destinations(const Policy& policy) {
  std::vector<net::Prefix> destinations = {net::Prefix::any(net::Family::ipv4),
                                           net::Prefix::host(*net::Address::parse(kImdsAddress)),
                                           net::Prefix::host(*net::Address::parse(kWireServerAddress))};
  if (policy.uses(net::Family::ipv6)) destinations.push_back(net::Prefix::any(net::Family::ipv6));
  return ascending(std::move(destinations));
}

std::vector<net::Prefix> pod_destinations(const Policy& policy) {
  auto destinations = policy.cluster_cidrs.list();
  destinations.insert(destinations.end(), policy.node_cidrs.begin(), policy.node_cidrs.end());
  return ascending(std::move(destinations));
}

bool holds(std::span<const net::Prefix> destinations, const net::Prefix& destination) {
  return std::binary_search(destinations.begin(), destinations.end(), destination);
}

/// What table 16925 holds for pods of a NIC that is not the primary one (desired_routes.cpp).
std::vector<net::Prefix> pod_table_destinations(const Policy& policy) {
  auto destinations = pod_destinations(policy);
  destinations.push_back(net::Prefix::any(net::Family::ipv4));
  destinations.push_back(net::Prefix::any(net::Family::ipv6));
  return ascending(std::move(destinations));
}

bool is_one_of(std::span<const std::uint8_t> protocols, const net::Route& route) {
  return std::find(protocols.begin(), protocols.end(), route.protocol) != protocols.end();
}

void sort_in_platform_routes(const std::vector<net::Route>& routes, const Policy& policy,
                             KernelState& kernel_state) {
  const auto platform_routes = platform_destinations(policy);
  for (const auto& route : routes) {
    if (holds(platform_routes, route.key.destination)) kernel_state.platform_routes.routes.push_back(route);
  }
}

/// `routes` of one table, in the kernel's order.
void sort_in_foreign_routes(const std::vector<net::Route>& routes, const std::vector<net::Prefix>& wanted,
                            std::span<const std::uint8_t> ours, KernelState& kernel_state) {
  std::vector<const net::Route*> foreign_routes;
  for (const auto& route : routes) {
    if (!is_one_of(ours, route) && holds(wanted, route.key.destination)) foreign_routes.push_back(&route);
  }
  if (foreign_routes.empty()) return;  // and nothing is done for each of a hundred thousand
  std::map<net::RouteKey, const net::Route*> first_of_ours;
  for (const auto& route : routes) {
    if (is_one_of(ours, route)) first_of_ours.emplace(route.key, &route);
  }
  for (const auto* foreign : foreign_routes) {
    const auto own = first_of_ours.find(foreign->key);
    if (own == first_of_ours.end() || foreign < own->second) kernel_state.foreign_routes.push_back(*foreign);
  }
}

}  // namespace

std::vector<net::Prefix> watched_destinations(const Policy& policy) {
  auto destinations = platform_destinations(policy);
  const auto pods = pod_destinations(policy);
  const auto platform_routes = static_cast<std::ptrdiff_t>(destinations.size());
  destinations.insert(destinations.end(), pods.begin(), pods.end());
  std::inplace_merge(destinations.begin(), destinations.begin() + platform_routes, destinations.end());
  return destinations;
}

net::Result<KernelState> read_kernel_state(net::Kernel& kernel, const Policy& policy,
                                           std::span<const std::uint8_t> ours) {
  KernelState kernel_state;
  auto links = kernel.links();
  if (!links) return net::pass_on(links);
  kernel_state.links = std::move(*links);

  const auto pods = pod_destinations(policy);
  const auto in_main =
      policy.table == net::kMainTable ? watched_destinations(policy) : platform_destinations(policy);
  const auto main = kernel.routes_to(net::kMainTable, in_main);
  if (!main) return net::pass_on(main);
  sort_in_platform_routes(*main, policy, kernel_state);
  if (policy.table == net::kMainTable) sort_in_foreign_routes(*main, pods, ours, kernel_state);
  if (policy.table != net::kMainTable) {
    const auto elsewhere = kernel.routes_to(policy.table, pods);
    if (!elsewhere) return net::pass_on(elsewhere);
    sort_in_foreign_routes(*elsewhere, pods, ours, kernel_state);
  }
  if (!std::holds_alternative<PrimaryNic>(policy.nic)) {
    const auto wanted = pod_table_destinations(policy);
    const auto of_pods = kernel.routes_to(routing::kPodTable, wanted);
    if (!of_pods) return net::pass_on(of_pods);
    sort_in_foreign_routes(*of_pods, wanted, ours, kernel_state);
  }
  return kernel_state;
}

observed::SysctlReadings read_sysctls(net::Sysctls& sysctls, const Policy& policy, const std::string& nic) {
  observed::SysctlReadings readings;
  const auto read = [&](std::string key) { readings.emplace(key, sysctls.read(key)); };
  read("net/ipv4/ip_forward");
  read("net/ipv4/conf/all/rp_filter");
  const bool ipv6 = policy.uses(net::Family::ipv6);
  if (ipv6) read("net/ipv6/conf/all/forwarding");
  if (nic.empty()) return readings;
  read(fmt::format("net/ipv4/conf/{}/forwarding", nic));
  read(fmt::format("net/ipv4/conf/{}/rp_filter", nic));
  if (ipv6) {
    read(fmt::format("net/ipv6/conf/{}/forwarding", nic));
    read(fmt::format("net/ipv6/conf/{}/force_forwarding", nic));  // since Linux 6.17
    read(fmt::format("net/ipv6/conf/{}/accept_ra", nic));
    read(fmt::format("net/ipv6/conf/{}/disable_ipv6", nic));
  }
  return readings;
}

std::vector<SysctlWish> wanted_sysctls(const Policy& policy, const std::string& nic) {
  std::vector<SysctlWish> wishes = {{.key = "net/ipv4/ip_forward", .value = "1"}};
  if (!nic.empty()) wishes.push_back({.key = fmt::format("net/ipv4/conf/{}/forwarding", nic), .value = "1"});
  if (!policy.uses(net::Family::ipv6)) return wishes;
  if (!nic.empty())
    wishes.push_back({.key = fmt::format("net/ipv6/conf/{}/accept_ra", nic), .value = "2", .respected = "0"});
  // It decides for every link; a link's own key makes it a router or a host to other routers, and no more.
  wishes.push_back({.key = "net/ipv6/conf/all/forwarding", .value = "1"});
  return wishes;
}

std::vector<SysctlWish> unmet(const std::vector<SysctlWish>& wishes,
                              const observed::SysctlReadings& readings) {
  std::vector<SysctlWish> open;
  for (const auto& wish : wishes) {
    const auto reading = readings.find(wish.key);
    if (reading == readings.end() || !reading->second) continue;
    if (*reading->second != wish.value && *reading->second != wish.respected) open.push_back(wish);
  }
  return open;
}

}  // namespace node
