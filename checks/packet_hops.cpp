#include "checks/packet_hops.h"

#include <algorithm>
#include <vector>

namespace checks {
namespace {

/// A check's hop with user-defined routes, with an overlay (flannel's, Calico's), and with Azure CNI; `none`
/// where the check does not apply.
struct Place {
  std::string_view id;
  Hop udr = Hop::none;
  Hop overlay = Hop::none;
  Hop azure_cni = Hop::none;
};

constexpr Place everywhere(std::string_view id, Hop hop) { return {id, hop, hop, hop}; }
constexpr Place in_udr(std::string_view id, Hop hop) { return {id, hop, Hop::none, Hop::none}; }
constexpr Place in_overlay(std::string_view id, Hop hop) { return {id, Hop::none, hop, Hop::none}; }
constexpr Place in_azure_cni(std::string_view id, Hop hop) { return {id, Hop::none, Hop::none, hop}; }
constexpr Place with_pod_cidrs(std::string_view id, Hop hop) { return {id, hop, hop, Hop::none}; }

constexpr auto kPlaces = std::to_array<Place>({
    // Its address.
    with_pod_cidrs("pods.node_cidr", Hop::pod),
    with_pod_cidrs("pods.overlap", Hop::pod),
    everywhere("pods.addresses", Hop::pod),
    with_pod_cidrs("kubernetes.node_cidr", Hop::pod),
    everywhere("cni.ipam", Hop::pod),
    everywhere("cni.host_local", Hop::pod),
    with_pod_cidrs("flannel.subnet_env", Hop::pod),
    in_azure_cni("azure_cni.addresses", Hop::pod),
    in_azure_cni("azure_cni.state", Hop::pod),
    in_azure_cni("azure_cni.cns", Hop::pod),
    in_azure_cni("azure_cni.wire_server", Hop::pod),

    // Made by the plug-in, watched over by Felix.
    everywhere("cni.mode", Hop::link),
    everywhere("cni.winner", Hop::link),
    everywhere("cni.plugins", Hop::link),
    everywhere("calico.felix", Hop::link),
    everywhere("calico.interface_prefix", Hop::link),
    everywhere("pods.links", Hop::link),
    everywhere("pods.mtu", Hop::link),
    in_azure_cni("azure_cni.configuration", Hop::link),

    // What leads from there: the agent's routes, an overlay's, or the NIC's own.
    {"mode.in_force", Hop::route, Hop::overlay, Hop::nic},
    {"routes.in_sync", Hop::route, Hop::overlay, Hop::none},
    {"routes.shadowed", Hop::route, Hop::overlay, Hop::nic},
    {"routes.main_rules", Hop::route, Hop::overlay, Hop::nic},
    {"nic.gateway", Hop::route, Hop::nic, Hop::nic},
    {"calico.residue", Hop::route, Hop::overlay, Hop::nic},
    {"networkd.foreign_routes", Hop::route, Hop::overlay, Hop::link},
    {"cloudinit.hotplug", Hop::route, Hop::overlay, Hop::link},
    {"networkmanager.unmanaged", Hop::link, Hop::link, Hop::link},
    {"udev.mac_policy", Hop::link, Hop::overlay, Hop::link},

    in_overlay("overlay.device", Hop::overlay),
    in_overlay("overlay.vtep", Hop::overlay),
    in_overlay("overlay.peers", Hop::overlay),
    in_overlay("overlay.checksum_offload", Hop::overlay),
    in_overlay("overlay.backend", Hop::overlay),

    // To it the kernel forwards, and Azure lets it.
    everywhere("nic.found", Hop::nic),
    everywhere("nic.address", Hop::nic),
    everywhere("nic.up", Hop::nic),
    everywhere("nic.vf", Hop::nic),
    everywhere("calico.wireguard", Hop::nic),
    everywhere("sysctl.ip_forward", Hop::nic),
    everywhere("sysctl.nic_forwarding", Hop::nic),
    everywhere("sysctl.ipv6_forwarding", Hop::nic),
    everywhere("sysctl.accept_ra", Hop::nic),
    everywhere("sysctl.rp_filter", Hop::nic),
    everywhere("netfilter.forward", Hop::nic),
    everywhere("netfilter.backends", Hop::nic),
    everywhere("netfilter.firewalld", Hop::nic),
    everywhere("conntrack.room", Hop::nic),
    in_udr("azure.ip_forwarding", Hop::nic),

    {"azure.route_table", Hop::route_table, Hop::network, Hop::network},
    {"azure.security_groups", Hop::route_table, Hop::network, Hop::network},
    in_udr("azure.node_route", Hop::route_table),
    in_udr("azure.stale_routes", Hop::route_table),
    in_udr("azure.vnet_range", Hop::route_table),
    in_udr("azure.cloud_config", Hop::route_table),
    in_udr("kubernetes.route_created", Hop::route_table),
});

struct Reason {
  std::string_view id;
  std::string_view why;
};

constexpr auto kOffTheWay = std::to_array<Reason>({
    {"imds.reachable", "no packet of a pod goes to IMDS; what is missing without it fails at its own hop"},
    {"calico.node_name", "policies and resources go by it, packets do not"},
    {"sysctl.persistence", "about the next boot"},
    {"host.resolver", "names are asked before a packet has an address to go to"},
});

constexpr auto kUdr = std::to_array<Hop>(
    {Hop::pod, Hop::link, Hop::route, Hop::nic, Hop::route_table, Hop::peer_nic, Hop::peer_pod});
constexpr auto kOverlay = std::to_array<Hop>({Hop::pod, Hop::link, Hop::overlay, Hop::nic, Hop::network,
                                              Hop::peer_nic, Hop::peer_overlay, Hop::peer_pod});
constexpr auto kAzureCni =
    std::to_array<Hop>({Hop::pod, Hop::link, Hop::nic, Hop::network, Hop::peer_nic, Hop::peer_pod});

}  // namespace

std::span<const Hop> hops_of(node::Mode mode) {
  switch (mode) {
    case node::Mode::udr:
      return kUdr;
    case node::Mode::flannel:
    case node::Mode::calico_vxlan:
      return kOverlay;
    case node::Mode::azure_cni:
      break;
  }
  return kAzureCni;
}

Hop hop_of(std::string_view check, node::Mode mode) {
  const auto* const found =
      std::find_if(kPlaces.begin(), kPlaces.end(), [check](const Place& place) { return place.id == check; });
  if (found == kPlaces.end()) return Hop::none;
  switch (mode) {
    case node::Mode::udr:
      return found->udr;
    case node::Mode::flannel:
    case node::Mode::calico_vxlan:
      return found->overlay;
    case node::Mode::azure_cni:
      break;
  }
  return found->azure_cni;
}

std::string_view reason_off_the_way(std::string_view check) {
  const auto* const found = std::find_if(kOffTheWay.begin(), kOffTheWay.end(),
                                         [check](const Reason& reason) { return reason.id == check; });
  return found == kOffTheWay.end() ? std::string_view{} : found->why;
}

std::span<const std::string_view> placed_checks() {
  static const auto kIds = [] {
    std::vector<std::string_view> ids;
    ids.reserve(kPlaces.size() + kOffTheWay.size());
    for (const auto& place : kPlaces) ids.push_back(place.id);
    for (const auto& reason : kOffTheWay) ids.push_back(reason.id);
    return ids;
  }();
  return kIds;
}

}  // namespace checks
