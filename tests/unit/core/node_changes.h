#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "tests/unit/core/healthy_nodes.h"

// What happens to a healthy node itself, for the tests of what checks say of it.
namespace agent::testing {

inline constexpr std::uint8_t kRa = 9;  ///< RTPROT_RA

/// The healthy node with IPv6 pods as well.
inline checks::Facts healthy_dual_stack() {
  auto facts = udr_with_calico();
  facts.cloud_state.edit().azure->network->address_space.push_back(prefix("fd44::/40"));
  facts.policy.cluster_cidrs = with(facts.policy.cluster_cidrs, std::array{"fd44::/48"});
  auto& nic = *facts.nic.nic;
  nic.azure.addresses.push_back(address("fd00::4"));
  nic.link.addresses.push_back({address("fd00::4"), 128});
  // As systemd-networkd makes it.
  nic.gateway_v6 = node::Gateway{
      .address = address("fe80::1234:5678:9abc"), .assumed = false, .protocol = kRa, .metric = 512};
  facts.sysctls.emplace("net/ipv6/conf/all/forwarding", "1");
  facts.sysctls.emplace("net/ipv6/conf/eth0/forwarding", "1");
  facts.sysctls.emplace("net/ipv6/conf/eth0/accept_ra", "2");
  facts.sysctls.emplace("net/ipv6/conf/eth0/disable_ipv6", "0");
  host_of(facts).boot_sysctls->push_back(
      {"net/ipv6/conf/all/forwarding", "1", "/etc/sysctl.d/60-calico-azure-agent.conf"});
  facts.desired = node::desired_routes(facts.policy, *facts.network, &nic);
  facts.sync = routing::evaluate_sync(facts.desired, {facts.desired.routes.list(), {}}, {}, {});
  return facts;
}

inline void set_sysctl(checks::Facts& facts, const std::string& key, std::string value) {
  facts.sysctls.insert_or_assign(key, net::Result<std::string>(std::move(value)));
}

/// nic.select names the second NIC.
inline void use_second_nic_for_pods(checks::Facts& facts) {
  facts.links.edit().push_back(eth1());
  facts.network->nics.push_back(second_nic());
  auto& nic = *facts.nic.nic;
  nic.azure = second_nic();
  nic.link = eth1();
  nic.primary = false;
  nic.gateway_v4 = node::Gateway{.address = address("10.241.0.1")};
  set_sysctl(facts, "net/ipv4/conf/eth1/forwarding", "1");
  set_sysctl(facts, "net/ipv4/conf/eth1/rp_filter", "1");
  facts.desired = node::desired_routes(facts.policy, *facts.network, &nic);
  facts.sync =
      routing::evaluate_sync(facts.desired, {facts.desired.routes.list(), facts.desired.rules}, {}, {});
}

}  // namespace agent::testing
