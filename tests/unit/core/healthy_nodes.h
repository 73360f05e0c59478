#pragma once

#include <map>
#include <stdexcept>
#include <utility>

#include "tests/unit/core/healthy.h"
#include "tests/unit/core/node_parts.h"

// A healthy node of each kind that the agent knows, with everything looked at: NIC, links, routes, what
// others set up. Tests break one thing of it.
namespace agent::testing {

/// The mode's own routes, all in place.
inline void settle(checks::Facts& facts, node::Mode mode) {
  facts.policy.mode = mode;
  facts.desired = node::desired_routes(facts.policy, *facts.network, &*facts.nic.nic);
  facts.sync = routing::evaluate_sync(facts.desired, {facts.desired.routes.list(), {}}, {}, {});
}

inline const std::vector<std::string_view> kGivenAway = {"10.244.1.5", "10.244.1.6", "10.244.1.7"};

inline void add_calico_pods(checks::Facts& facts, std::uint32_t mtu) {
  add_routed_pod(facts, "cali0a1b2c3d4e5", "10.244.1.5", kBoot, mtu);
  add_routed_pod(facts, "cali1a1b2c3d4e5", "10.244.1.6", kBoot, mtu);
  add_routed_pod(facts, "cali2a1b2c3d4e5", "10.244.1.7", kBoot, mtu);
}

/// Policy only: calico with host-local, Azure's route table between nodes.
inline checks::Facts udr_with_calico() {
  auto facts = healthy_with_cloud_state();
  facts.environment = environment_with(cni_file("/etc/cni/net.d/10-calico.conflist", "k8s-pod-network",
                                                calico_plugin("host-local", "usePodCidr", 1500)),
                                       kGivenAway);
  add_calico(facts, {{"CALICO_NETWORKING_BACKEND", "none"}, {"USE_POD_CIDR", "true"}});
  add_calico_pods(facts, 1500);
  return facts;
}

/// kubenet: a bridge with host-local, Azure's route table between nodes, no Calico.
inline checks::Facts udr_with_kubenet() {
  auto facts = healthy_with_cloud_state();
  facts.environment = environment_with(cni_file("/etc/cni/net.d/10-containerd-net.conflist", "kubenet",
                                                {.type = "bridge",
                                                 .ipam = "host-local",
                                                 .subnet = "10.244.1.0/24",
                                                 .mode = "",
                                                 .bridge = "cbr0",
                                                 .mtu = std::nullopt}),
                                       kGivenAway);
  add_bridged_pods(facts, "cbr0", 1500);
  return facts;
}

/// Another node, as an overlay knows it: its pods, the next hop to them, that one's MAC, and its own address.
struct Peer {
  std::string_view pods;
  std::string_view hop;
  std::string_view mac;
  std::string_view node;
};

/// What every distribution ships, of a link whose maker has given it its MAC.
inline observed::LinkFile default_link_file(std::string link) {
  return {.link = std::move(link),
          .mac_address_policy = "persistent",
          .file = "/usr/lib/systemd/network/99-default.link",
          .mac_origin = observed::MacOrigin::set};
}

inline void add_overlay(checks::Facts& facts, std::string name, const net::Vxlan& vxlan, std::string_view own,
                        const std::vector<Peer>& peers, std::uint8_t protocol) {
  auto made = link(kOverlayLink, name, kOwnVtep, {{address(own), 32}});
  made.kind = "vxlan";
  made.mtu = 1450;
  made.vxlan = vxlan;
  facts.links.edit().push_back(std::move(made));
  auto& plane = data_plane_of(facts);
  for (const auto& peer : peers) {
    plane.routes.push_back(route(peer.pods, peer.hop, kOverlayLink, protocol, 0));
    plane.neighbours.push_back({kOverlayLink, address(peer.hop), mac(peer.mac)});
    plane.forwarding.push_back({kOverlayLink, mac(peer.mac), address(peer.node)});
  }
  plane.checksums.push_back({kOverlayLink, false});
  host_of(facts).link_files->push_back(default_link_file(std::move(name)));
}

inline void add_flannel(checks::Facts& facts) {
  add_overlay(facts, "flannel.1",
              {.vni = 1, .port = 8472, .local = address("10.240.0.4"), .device = 2, .learning = false},
              "10.244.1.0",
              {{"10.244.2.0/24", "10.244.2.0", "66:00:00:00:00:02", "10.240.0.5"},
               {"10.244.3.0/24", "10.244.3.0", "66:00:00:00:00:03", "10.240.0.6"}},
              kBoot);
  auto& node = **facts.cloud_state.edit().node;
  node.network_unavailable->reason = "FlannelIsUp";
  node.network_unavailable->message = "Flannel is running on this node";
  node.flannel = observed::FlannelAnnotations{
      .backend_type = "vxlan", .vtep_mac = mac(kOwnVtep), .public_ip = address("10.240.0.4")};
  host_of(facts).packet_filters->front().forward.push_back(
      {"FLANNEL-FWD", {{.source = prefix("10.244.0.0/16"), .target = "ACCEPT"}}});
  forward_of(facts).push_back({.target = "FLANNEL-FWD"});
}

/// Canal: flannel between nodes, Calico for policy and for the pods' links; flannel keeps its lease to
/// itself.
inline checks::Facts canal() {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure.reset();
  facts.environment = environment_with(cni_file("/etc/cni/net.d/10-canal.conflist", "k8s-pod-network",
                                                calico_plugin("host-local", "usePodCidr", 1450)),
                                       kGivenAway);
  add_calico(facts, {{"CALICO_NETWORKING_BACKEND", "none"}, {"USE_POD_CIDR", "true"}});
  add_flannel(facts);
  add_calico_pods(facts, 1450);
  settle(facts, node::Mode::flannel);
  return facts;
}

/// flannel alone, with its bridge and its lease.
inline checks::Facts plain_flannel() {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure.reset();
  facts.environment = environment_with(
      cni_file("/etc/cni/net.d/10-flannel.conflist", "cbr0",
               {.type = "flannel", .ipam = "", .subnet = "", .mode = "", .bridge = "", .mtu = std::nullopt}),
      kGivenAway);
  cni_of(facts).flannel_lease = observed::FlannelLease{.networks = {prefix("10.244.0.0/16")},
                                                       .subnets = {prefix("10.244.1.0/24")},
                                                       .mtu = 1450,
                                                       .masquerades = true};
  add_flannel(facts);
  add_bridged_pods(facts, "cni0", 1450);
  settle(facts, node::Mode::flannel);
  return facts;
}

/// Calico's own overlay, with Calico's own addresses.
inline checks::Facts calico_vxlan() {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure.reset();
  (**facts.cloud_state.edit().node).network_unavailable->reason = "CalicoIsUp";
  facts.environment = environment_with(cni_file("/etc/cni/net.d/10-calico.conflist", "k8s-pod-network",
                                                calico_plugin("calico-ipam", "", 1450)),
                                       {});
  add_calico(facts, {{"CALICO_NETWORKING_BACKEND", "vxlan"}});
  add_overlay(facts, "vxlan.calico",
              {.vni = 4096, .port = 4789, .local = address("10.240.0.4"), .device = 2, .learning = false},
              "10.244.1.64",
              {{"10.244.2.64/26", "10.244.2.64", "66:00:00:00:00:02", "10.240.0.5"},
               {"10.244.3.64/26", "10.244.3.64", "66:00:00:00:00:03", "10.240.0.6"}},
              kCalico);
  add_routed_pod(facts, "cali0a1b2c3d4e5", "10.244.1.65", kCalico, 1450);
  add_routed_pod(facts, "cali1a1b2c3d4e5", "10.244.1.66", kCalico, 1450);
  settle(facts, node::Mode::calico_vxlan);
  return facts;
}

/// Azure CNI in transparent mode with Calico for policy: pods have addresses of the subnet.
inline checks::Facts azure_cni() {
  auto facts = healthy_with_cloud_state();
  facts.cloud_state.edit().azure.reset();
  facts.policy.cluster_cidrs = {};
  facts.policy.node_cidrs = {};
  facts.node_cidrs = {};
  (**facts.cloud_state.edit().node).pod_cidrs.clear();
  for (int last = 10; last < 40; ++last) {
    const auto each = address(fmt::format("10.240.0.{}", last));
    facts.network->nics.front().addresses.push_back(each);
    facts.nic.nic->azure.addresses.push_back(each);
  }
  facts.environment = environment_with(cni_file("/etc/cni/net.d/10-azure.conflist", "azure",
                                                {.type = "azure-vnet",
                                                 .ipam = "azure-vnet-ipam",
                                                 .subnet = "",
                                                 .mode = "transparent",
                                                 .bridge = "",
                                                 .mtu = std::nullopt}),
                                       {});
  cni_of(facts).azure = observed::AzureCniState{
      .pool = observed::AzureCniState::Pool{.known = 30, .in_use = 3}, .broken_files = {}, .locks = {}};
  add_calico(facts, {{"CALICO_NETWORKING_BACKEND", "none"}, {"FELIX_INTERFACEPREFIX", "azv"}});
  add_routed_pod(facts, "azv0a1b2c3d4e5", "10.240.0.10", kStatic, 1500);
  add_routed_pod(facts, "azv1a1b2c3d4e5", "10.240.0.11", kStatic, 1500);
  add_routed_pod(facts, "azv2a1b2c3d4e5", "10.240.0.12", kStatic, 1500);
  for (const auto& each : *facts.links) {
    if (!each.name.starts_with("azv")) continue;
    host_of(facts).link_files->push_back(default_link_file(each.name));
  }
  settle(facts, node::Mode::azure_cni);
  return facts;
}

/// The same with azure-cns, which gives addresses instead of azure-vnet-ipam.
inline checks::Facts azure_cni_with_cns() {
  auto facts = azure_cni();
  winner_of(facts).plugins.front().ipam = "azure-cns";
  cni_of(facts).azure->pool.reset();
  host_of(facts).cns = 200;
  return facts;
}

/// Multus before what makes pods' first interfaces, as its own DaemonSet writes it.
inline void put_multus_before(checks::Facts& facts, std::string type) {
  auto& files = cni_of(facts).configuration->files;
  observed::CniFile multus{.path = "/etc/cni/net.d/00-multus.conf",
                           .network = "multus-cni-network",
                           .plugins = {{.type = std::move(type)}},
                           .problem = "",
                           .delegation = {.to = "/host" + files.front().path}};
  files.insert(files.begin(), std::move(multus));
}

inline checks::Facts udr_behind_multus() {
  auto facts = udr_with_calico();
  put_multus_before(facts, "multus");
  return facts;
}

inline checks::Facts azure_cni_behind_multus() {
  auto facts = azure_cni();
  put_multus_before(facts, "multus-shim");
  return facts;
}

struct HealthyNode {
  const char* name;
  checks::Facts (*make)();

  /// Made once: a table of faults asks each node for its own, and a copy shares all that is not changed.
  [[nodiscard]] const checks::Facts& facts() const {
    static std::map<checks::Facts (*)(), checks::Facts> made;
    const auto found = made.find(make);
    return found != made.end() ? found->second : made.emplace(make, make()).first->second;
  }
};

/// All of them.
inline constexpr HealthyNode kHealthyNodes[] = {
    {"UdrWithCalico", udr_with_calico},
    {"UdrWithKubenet", udr_with_kubenet},
    {"Canal", canal},
    {"PlainFlannel", plain_flannel},
    {"CalicoVxlan", calico_vxlan},
    {"AzureCni", azure_cni},
    {"AzureCniWithCns", azure_cni_with_cns},
    {"UdrBehindMultus", udr_behind_multus},
    {"AzureCniBehindMultus", azure_cni_behind_multus},
};

}  // namespace agent::testing
