#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/link.h"
#include "net/route.h"
#include "net/shared.h"
#include "node/desired_routes.h"
#include "observed/node_network.h"
#include "routing/route_diff.h"

// Literals for tests of the core: the values of the examples in the contract.
namespace agent::testing {

inline net::Address address(std::string_view text) { return *net::Address::parse(text); }
inline net::Prefix prefix(std::string_view text) { return *net::Prefix::parse(text); }
inline net::MacAddress mac(std::string_view text) { return *net::MacAddress::parse(text); }

/// The CIDRs, and these behind them.
template <class Texts>
std::vector<net::Prefix> with(const net::SharedList<net::Prefix>& cidrs, const Texts& texts) {
  auto all = cidrs.list();
  for (const auto& text : texts) all.push_back(prefix(text));
  return all;
}

inline net::Link link(std::uint32_t index, std::string name, std::string_view mac_text,
                      std::vector<net::LinkAddress> addresses = {}) {
  net::Link link;
  link.index = index;
  link.name = std::move(name);
  link.mac = mac(mac_text);
  link.mtu = 1500;
  link.up = true;
  link.carrier = true;
  link.addresses = std::move(addresses);
  return link;
}

inline constexpr std::string_view kMac = "00:0d:3a:f8:06:ec";
inline constexpr std::string_view kSecondMac = "00:0d:3a:f8:06:ed";

/// The NIC of the examples: 10.240.0.4 in 10.240.0.0/24.
inline observed::Nic nic() { return {mac(kMac), {address("10.240.0.4")}, {prefix("10.240.0.0/24")}}; }
inline observed::Nic second_nic() {
  return {mac(kSecondMac), {address("10.241.0.4")}, {prefix("10.241.0.0/24")}};
}
inline observed::NodeNetwork network(std::vector<observed::Nic> nics = {nic()}) {
  return {{}, std::move(nics)};
}

/// The same NIC with fd00::4.
inline observed::NodeNetwork dual_stack_network() {
  auto both = nic();
  both.addresses.push_back(address("fd00::4"));
  both.subnets.push_back(prefix("fd00::/64"));
  return network({both});
}
/// The policy for pods in fd44::/48 too.
inline node::Policy with_ipv6(node::Policy policy) {
  policy.cluster_cidrs = with(policy.cluster_cidrs, std::vector<std::string>{"fd44::/48"});
  return policy;
}

inline net::Link eth0() { return link(2, "eth0", kMac, {{address("10.240.0.4"), 24}}); }
inline net::Link eth1() { return link(3, "eth1", kSecondMac, {{address("10.241.0.4"), 24}}); }

inline net::Route route(std::string_view destination, std::string_view gateway, std::uint32_t device,
                        std::uint8_t protocol = 169, std::uint32_t metric = 1024, std::uint32_t table = 254) {
  net::Route route;
  route.key = {table, prefix(destination), metric, 0};
  route.protocol = protocol;
  if (!gateway.empty()) route.gateway = address(gateway);
  route.device = device;
  return route;
}

inline net::Route blackhole(std::string_view destination, std::uint32_t metric = routing::kSinkMetric) {
  net::Route route;
  route.key = {254, prefix(destination), metric, 0};
  route.type = net::RouteType::blackhole;
  route.protocol = 169;
  return route;
}

/// All that is wanted, and known to be.
inline routing::Desired desired_of(std::vector<net::Route> routes, std::vector<net::Rule> rules = {}) {
  routing::Desired desired;
  desired.routes = std::move(routes);
  desired.rules = std::move(rules);
  return desired;
}

/// All that bears our protocol number in the kernel.
inline routing::Actual actual_of(std::vector<net::Route> routes, std::vector<net::Rule> rules = {}) {
  return {.routes = std::move(routes), .rules = std::move(rules)};
}

}  // namespace agent::testing
