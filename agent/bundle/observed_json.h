#pragma once

#include "core/event.h"
#include "json/values.h"
#include "net/kernel.h"
#include "net/link.h"
#include "net/route.h"
#include "net/rule.h"
#include "observed/cni.h"
#include "observed/data_plane.h"
#include "observed/host_settings.h"
#include "observed/node_environment.h"
#include "observed/node_network.h"

// How a support bundle keeps what was observed. Every field stands here by name: what is not named is in no
// bundle. tests/unit/bundle counts them, so that a new one is not forgotten.

namespace nlohmann {

template <>
struct adl_serializer<net::Family> {
  static void to_json(json& to, const net::Family& family) { to = family == net::Family::ipv6 ? 6 : 4; }
  static void from_json(const json& from, net::Family& family) {
    family = from.get<int>() == 6 ? net::Family::ipv6 : net::Family::ipv4;
  }
};
template <>
struct adl_serializer<net::RouteType> : ::json::NamedSerializer<net::RouteType, net::kRouteTypeNames> {};

template <>
struct adl_serializer<net::Result<void>> {
  static void to_json(json& to, const net::Result<void>& result) {
    to = result ? json{{"value", nullptr}}
                : json{{"error", result.error().what}, {"code", result.error().code.value()}};
  }
  static void from_json(const json& from, net::Result<void>& result) {
    if (from.contains("value")) {
      result = {};
    } else {
      result = net::failure(from.at("code").get<int>(), from.at("error").get<std::string>());
    }
  }
};

template <>
struct adl_serializer<observed::SysctlReadings> {
  static void to_json(json& to, const observed::SysctlReadings& readings) {
    to = json::object();
    for (const auto& [key, reading] : readings) to[key] = reading;
  }
  static void from_json(const json& from, observed::SysctlReadings& readings) {
    readings.clear();
    for (const auto& [key, reading] : from.items())
      readings.insert_or_assign(key, reading.get<net::Result<std::string>>());
  }
};

template <>
struct adl_serializer<std::chrono::seconds> {
  static void to_json(json& to, const std::chrono::seconds& duration) { to = duration.count(); }
  static void from_json(const json& from, std::chrono::seconds& duration) {
    duration = std::chrono::seconds(from.get<std::int64_t>());
  }
};

}  // namespace nlohmann

namespace net {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LinkAddress, address, prefix_length)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Vxlan, vni, port, local, device, learning)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Link, index, name, mac, master, mtu, kind, up, carrier, slave, loopback,
                                   vxlan, addresses)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RouteKey, table, destination, metric, tos)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Route, key, type, protocol, gateway, device, source, multipath,
                                   extra_attributes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Rule, priority, source, table, protocol, unknown_selectors)
NLOHMANN_JSON_SERIALIZE_ENUM(PolicyRule::Action, {{PolicyRule::Action::lookup, "lookup"},
                                                  {PolicyRule::Action::drop, "drop"},
                                                  {PolicyRule::Action::other, "other"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PolicyRule, priority, source, destination, iif, inverted, by_traffic,
                                   ip_protocol, source_ports, destination_ports, tos, narrow, action, table,
                                   protocol)

}  // namespace net

namespace observed {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Nic, mac, addresses, subnets)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NodeIdentity, name, computer_name, vm_id, resource_id, location,
                                   vm_scale_set, environment)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NodeNetwork, identity, nics)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CniPlugin, type, ipam, subnet, mode, bridge, mtu, data_dir)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CniDelegation, to, network, plugins)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CniFile, path, network, plugins, problem, delegation, has_odd_name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CniConfiguration, folder, files, missing_programs, unknown_programs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HostLocalNetwork, folder, reserved)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FlannelLease, networks, subnets, mtu, masquerades)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AzureCniState::Pool, known, in_use)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AzureCniState::Lock, path, age)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AzureCniState, pool, broken_files, locks, unknown_locks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CniFiles, configuration, host_local, flannel_lease, azure,
                                   calico_node_name)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Neighbour, device, address, mac)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ForwardingEntry, device, mac, destination)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ChecksumOffload, device, on)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DataPlane, routes, routes_cut, neighbours, forwarding, entries_cut,
                                   checksums, main_rule, default_rule, rules_before_main, rules_cut)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(BootSysctl, key, value, file)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NetworkdSettings, runs, manages_foreign_routes, manages_foreign_rules,
                                   file, unread_file)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NetworkManagerSettings, runs, unmanaged, cloud_setup)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LinkFile, link, mac_address_policy, file, mac_origin)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FilterRule, family, in, out, source, destination, not_in, not_out,
                                   not_source, not_destination, protocol, by_mark, by_felix, is_narrow,
                                   is_opaque, target, is_goto)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FilterChain, name, rules)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FilterHook, table, chain, family, policy, chains, is_cut)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PacketFilter, backend, family, problem, rules, forward_policy, forward,
                                   is_cut, other_hooks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Conntrack, entries, room)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FelixReporter, name, readiness, detail)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FirewalldSettings, runs, version, backend, has_direct_rules)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Resolver, file, servers)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ChecksumErrors, total, lately, elapsed)
CAA_JSON_WITH_LATER_MEMBERS(HostSettings,
                            (boot_sysctls, networkd, network_manager, link_files, packet_filters, nft_chains,
                             conntrack, calico_environment, calico_namespace, bird_runs, felix, cns,
                             wire_server),
                            (felix_reporters, firewalld, resolver, hotplug_rules, checksum_errors))
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NodeEnvironment, cni, data_plane, host, pod_sysctls)

}  // namespace observed
