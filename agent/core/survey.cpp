#include "agent/core/survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace agent {
namespace {

constexpr std::uint32_t kMainTable = 254;  // RT_TABLE_MAIN, linux/rtnetlink.h

/// Whoever lists a hundred thousand lists them in order.
std::vector<net::Prefix> ascending(std::vector<net::Prefix> destinations) {
  if (!std::is_sorted(destinations.begin(), destinations.end()))
    std::sort(destinations.begin(), destinations.end());
  return destinations;
}

std::vector<net::Prefix> landmark_destinations(const Policy& policy) {
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

/// Parts one dump into landmarks and strangers.
void sort_in(const std::vector<net::Route>& routes, const Policy& policy, std::span<const std::uint8_t> ours,
             Survey& survey) {
  const auto landmarks = landmark_destinations(policy);
  const auto pods = pod_destinations(policy);
  for (const auto& route : routes) {
    if (route.key.table == kMainTable && holds(landmarks, route.key.destination)) {
      survey.landmarks.routes.push_back(route);
    }
    const bool is_ours = std::find(ours.begin(), ours.end(), route.protocol) != ours.end();
    if (route.key.table == policy.table && !is_ours && holds(pods, route.key.destination)) {
      survey.strangers.push_back(route);
    }
  }
}

}  // namespace

std::vector<net::Prefix> watched_destinations(const Policy& policy) {
  auto destinations = landmark_destinations(policy);
  const auto pods = pod_destinations(policy);
  const auto landmarks = static_cast<std::ptrdiff_t>(destinations.size());
  destinations.insert(destinations.end(), pods.begin(), pods.end());
  std::inplace_merge(destinations.begin(), destinations.begin() + landmarks, destinations.end());
  return destinations;
}

net::Result<Survey> survey(net::Kernel& kernel, const Policy& policy, std::span<const std::uint8_t> ours) {
  Survey survey;
  auto links = kernel.links();
  if (!links) return net::pass_on(links);
  survey.links = std::move(*links);

  const auto in_main =
      policy.table == kMainTable ? watched_destinations(policy) : landmark_destinations(policy);
  const auto main = kernel.routes_to(kMainTable, in_main);
  if (!main) return net::pass_on(main);
  sort_in(*main, policy, ours, survey);
  if (policy.table != kMainTable) {
    const auto elsewhere = kernel.routes_to(policy.table, pod_destinations(policy));
    if (!elsewhere) return net::pass_on(elsewhere);
    sort_in(*elsewhere, policy, ours, survey);
  }
  // "No route" is an answer too: then IMDS index 0 decides.
  if (auto way = kernel.lookup(*net::Address::parse(kImdsAddress))) survey.landmarks.way_to_imds = *way;
  return survey;
}

SysctlReadings read_sysctls(net::Sysctls& sysctls, const Policy& policy, const std::string& nic) {
  SysctlReadings readings;
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
    read(fmt::format("net/ipv6/conf/{}/accept_ra", nic));
  }
  return readings;
}

std::vector<SysctlWish> wanted_sysctls(const Policy& policy, const std::string& nic) {
  std::vector<SysctlWish> wishes = {{.key = "net/ipv4/ip_forward", .value = "1"}};
  if (!nic.empty()) wishes.push_back({.key = fmt::format("net/ipv4/conf/{}/forwarding", nic), .value = "1"});
  if (!policy.uses(net::Family::ipv6)) return wishes;
  if (!nic.empty())
    wishes.push_back({.key = fmt::format("net/ipv6/conf/{}/accept_ra", nic), .value = "2", .respected = "0"});
  wishes.push_back({.key = "net/ipv6/conf/all/forwarding", .value = "1"});
  if (!nic.empty()) wishes.push_back({.key = fmt::format("net/ipv6/conf/{}/forwarding", nic), .value = "1"});
  return wishes;
}

std::vector<SysctlWish> unmet(const std::vector<SysctlWish>& wishes, const SysctlReadings& readings) {
  std::vector<SysctlWish> open;
  for (const auto& wish : wishes) {
    const auto reading = readings.find(wish.key);
    if (reading == readings.end() || !reading->second) continue;
    if (*reading->second != wish.value && *reading->second != wish.respected) open.push_back(wish);
  }
  return open;
}

}  // namespace agent
