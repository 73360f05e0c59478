#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "tests/unit/core/healthy.h"

// What a node may have, and where it stands in Facts: pods, Felix's settings and rules, CNI files, services.
namespace agent::testing {

inline constexpr std::uint32_t kFirstPodLink = 10;
inline constexpr std::uint32_t kOverlayLink = 5;  ///< flannel.1, vxlan.calico
inline constexpr std::uint32_t kBridgeLink = 6;   ///< cbr0, cni0
inline constexpr std::uint8_t kBoot = 3;     ///< RTPROT_BOOT: the protocol of Felix's and flannel's routes
inline constexpr std::uint8_t kStatic = 4;   ///< RTPROT_STATIC: Azure CNI's
inline constexpr std::uint8_t kCalico = 80;  ///< Felix's since 3.22

inline constexpr std::string_view kOwnVtep = "66:00:00:00:00:01";

inline observed::HostSettings& host_of(checks::Facts& facts) { return *facts.environment.edit().host; }
inline observed::DataPlane& data_plane_of(checks::Facts& facts) {
  return **facts.environment.edit().data_plane;
}
inline observed::CniFiles& cni_of(checks::Facts& facts) { return *facts.environment.edit().cni; }
/// The file whose plug-in makes pods' interfaces.
inline observed::CniFile& winner_of(checks::Facts& facts) {
  for (auto& each : cni_of(facts).configuration->files) {
    if (!observed::is_meta_plugin(each.plugins.front().type)) return each;
  }
  throw std::out_of_range("no such file in this literal");
}
inline std::map<std::string, std::string>& felix_of(checks::Facts& facts) {
  return *host_of(facts).calico_environment;
}

inline net::Link& link_of(checks::Facts& facts, std::string_view name) {
  for (auto& each : facts.links.edit()) {
    if (each.name == name) return each;
  }
  throw std::out_of_range("no such link in this literal");
}

/// The host's end of a pod's pair.
inline net::Link pod_link(std::uint32_t index, std::string name, std::string_view mac_text,
                          std::uint32_t mtu) {
  auto made = link(index, std::move(name), mac_text);
  made.kind = "veth";
  made.mtu = mtu;
  return made;
}

inline void set_pod_sysctl(checks::Facts& facts, std::string_view name, std::string_view key,
                           std::string value) {
  facts.environment.edit().pod_sysctls.insert_or_assign(fmt::format("net/ipv4/conf/{}/{}", name, key),
                                                        net::Result<std::string>(std::move(value)));
}

/// A pod with a link of its own, an address of its own by that link, and Calico's settings on it.
inline void add_routed_pod(checks::Facts& facts, std::string name, std::string_view pod_address,
                           std::uint8_t protocol, std::uint32_t mtu) {
  const auto index =
      kFirstPodLink + static_cast<std::uint32_t>(facts.environment.edit().pod_sysctls.size() / 2);
  const auto* mac_text = name.starts_with("azv") ? "aa:aa:aa:aa:aa:aa" : "ee:ee:ee:ee:ee:ee";
  set_pod_sysctl(facts, name, "proxy_arp", "1");
  set_pod_sysctl(facts, name, "forwarding", "1");
  const auto to_pod = route(fmt::format("{}/32", pod_address), "", index, protocol, 0);
  data_plane_of(facts).routes.push_back(to_pod);
  facts.links.edit().push_back(pod_link(index, std::move(name), mac_text, mtu));
}

/// A bridge and pods on it, which it reaches without routes of their own.
inline void add_bridged_pods(checks::Facts& facts, std::string bridge, std::uint32_t mtu) {
  auto made = link(kBridgeLink, std::move(bridge), "0a:58:0a:f4:01:01", {{address("10.244.1.1"), 24}});
  made.kind = "bridge";
  made.mtu = mtu;
  facts.links.edit().push_back(std::move(made));
  std::uint32_t index = kFirstPodLink;
  for (const auto* name : {"veth1a2b3c4d", "veth2a2b3c4d", "veth3a2b3c4d"}) {
    facts.links.edit().push_back(pod_link(index++, name, "6e:1b:30:af:c2:11", mtu));
    facts.links.edit().back().master = kBridgeLink;
  }
}

/// kube-proxy's: none of its rules accepts the first packet of a connection between pods.
inline observed::FilterChain kube_forward() {
  return {"KUBE-FORWARD",
          {{.is_narrow = true, .target = "DROP"},
           {.by_mark = true, .target = "ACCEPT"},
           {.is_narrow = true, .target = "ACCEPT"}}};
}

inline std::vector<observed::FilterRule>& forward_of(checks::Facts& facts) {
  return host_of(facts).packet_filters->front().forward.front().rules;
}

/// Felix's rules, which accept what its policies have marked.
inline void add_rules_of_felix(checks::Facts& facts, std::string_view prefix) {
  auto& chains = host_of(facts).packet_filters->front().forward;
  const auto links = std::string(prefix) + "+";
  chains.push_back({"cali-FORWARD",
                    {{.by_felix = true, .target = "MARK"},
                     {.in = links, .by_felix = true, .target = "cali-from-wl-dispatch"},
                     {.out = links, .by_felix = true, .target = "cali-to-wl-dispatch"}}});
  auto& forward = forward_of(facts);
  forward.insert(forward.begin(), {.by_felix = true, .target = "cali-FORWARD"});
  forward.push_back({.by_mark = true, .by_felix = true, .target = "ACCEPT"});
}

/// A table of nftables' own, as /etc/nftables.conf of a firewall has it.
inline void drop_by_nftables(checks::Facts& facts, std::vector<observed::FilterRule> rules) {
  host_of(facts).nft_chains = std::vector<observed::FilterHook>{{.table = "inet filter",
                                                                 .chain = "forward",
                                                                 .policy = "DROP",
                                                                 .chains = {{"forward", std::move(rules)}}}};
}

inline observed::HostSettings host_as_it_should_be() {
  observed::HostSettings host;
  host.nft_chains = std::vector<observed::FilterHook>{};
  const std::string file = "/etc/sysctl.d/99-calico-azure.conf";
  host.boot_sysctls = std::vector<observed::BootSysctl>{{"net/ipv4/ip_forward", "1", file},
                                                        {"net/ipv4/conf/all/rp_filter", "1", file}};
  host.networkd =
      observed::NetworkdSettings{.runs = true,
                                 .manages_foreign_routes = false,
                                 .manages_foreign_rules = false,
                                 .file = "/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf"};
  host.network_manager = observed::NetworkManagerSettings{};
  host.link_files = std::vector<observed::LinkFile>{};
  host.packet_filters = std::vector<observed::PacketFilter>{
      {.backend = "nft",
       .rules = 214,
       .forward_policy = "ACCEPT",
       .forward = {{"FORWARD", {{.target = "KUBE-FORWARD"}}}, kube_forward()}}};
  host.conntrack = observed::Conntrack{.entries = 1200, .room = 262144};
  host.calico_environment = net::failure(ESRCH, "no calico-felix runs");
  host.felix = net::failure(ECONNREFUSED, "127.0.0.1:9099: connection refused");
  host.cns = net::failure(ECONNREFUSED, "127.0.0.1:10092: connection refused");
  host.wire_server = 200;
  host.bird_runs = false;
  host.firewalld = observed::FirewalldSettings{};
  host.resolver =
      observed::Resolver{.file = "/run/systemd/resolve/resolv.conf", .servers = {"168.63.129.16"}};
  host.checksum_errors =
      observed::ChecksumErrors{.total = 2, .lately = 0, .elapsed = std::chrono::seconds(400)};
  return host;
}

/// calico/node runs beside it and does what it was told.
inline void add_calico(checks::Facts& facts, std::map<std::string, std::string> environment) {
  auto& host = host_of(facts);
  environment.emplace("FELIX_HEALTHENABLED", "true");
  const auto prefix = environment.find("FELIX_INTERFACEPREFIX");
  add_rules_of_felix(facts, prefix == environment.end() ? "cali" : prefix->second);
  host.calico_environment = std::move(environment);
  host.felix = 200;
  cni_of(facts).calico_node_name = facts.node_name;
}

/// What every node has that is not Azure CNI's: one configuration file, addresses given away, no pods yet.
inline observed::NodeEnvironment environment_with(observed::CniFile winner,
                                                  const std::vector<std::string_view>& given_away) {
  observed::NodeEnvironment environment;
  observed::CniFiles files;
  observed::HostLocalNetwork network{.folder = "/var/lib/cni/networks/" + winner.network, .reserved = {}};
  for (const auto each : given_away) network.reserved.push_back(address(each));
  files.configuration = observed::CniConfiguration{
      .folder = "/etc/cni/net.d", .files = {std::move(winner)}, .missing_programs = {}};
  files.host_local = std::vector<observed::HostLocalNetwork>{};
  if (!network.reserved.empty()) files.host_local->push_back(std::move(network));
  files.flannel_lease = net::failure(ENOENT, "/run/flannel/subnet.env is not there");
  files.azure = observed::AzureCniState{};
  files.calico_node_name = net::failure(ENOENT, "/var/lib/calico/nodename is not there");
  environment.cni = std::move(files);
  environment.data_plane = observed::DataPlane{};
  environment.host = host_as_it_should_be();
  return environment;
}

inline observed::CniPlugin calico_plugin(std::string ipam, std::string subnet, std::uint32_t mtu) {
  return {.type = "calico",
          .ipam = std::move(ipam),
          .subnet = std::move(subnet),
          .mode = "",
          .bridge = "",
          .mtu = mtu};
}

inline observed::CniPlugin portmap_plugin() {
  return {.type = "portmap", .ipam = "", .subnet = "", .mode = "", .bridge = "", .mtu = std::nullopt};
}

inline observed::CniFile cni_file(std::string path, std::string network, observed::CniPlugin main) {
  return {std::move(path), std::move(network), {std::move(main), portmap_plugin()}, ""};
}

}  // namespace agent::testing
