#include "checks/trace/ends.h"

#include <algorithm>
#include <vector>

#include "checks/overlay.h"
#include "checks/pod_network.h"

namespace trace {
namespace {

constexpr std::string_view kIpvs = "kube-ipvs0";

bool is_pods(const net::Link& link) {
  return checks::is_calicos(link) || checks::is_azures(link) || link.name.starts_with("veth");
}

bool is_bridge_of_pods(const checks::Facts& facts, const net::Link& link) {
  if (is_nic(facts, link)) return false;  // Azure CNI's bridge mode: the NIC itself is its port
  const auto network = checks::seen_network(facts);
  return link.kind == "bridge" || (network && checks::bridge_of(*network->main) == link.name);
}

/// Azure CNI's mode bridge: the NIC and the pods' links are ports of one bridge.
bool is_behind_nic(const checks::Facts& facts, const net::Address& address) {
  if (facts.policy.mode != node::Mode::azure_cni || !facts.nic.nic || facts.nic.nic->link.kind != "bridge")
    return false;
  const auto& own = facts.nic.nic->azure.addresses;
  return std::find(own.begin(), own.end(), address) != own.end() &&
         link_at(facts, facts.nic.nic->link.index) != nullptr;
}

}  // namespace

const net::Link* link_at(const checks::Facts& facts, std::uint32_t index) {
  const auto found = std::find_if(facts.links->begin(), facts.links->end(),
                                  [index](const net::Link& link) { return link.index == index; });
  return found == facts.links->end() ? nullptr : &*found;
}

bool has_overlay(const checks::Facts& facts) {
  return facts.policy.mode == node::Mode::flannel || facts.policy.mode == node::Mode::calico_vxlan;
}

bool is_cluster_pod(const checks::Facts& facts, const net::Address& address) {
  return net::any_contains(facts.policy.cluster_cidrs, net::Prefix::host(address)) ||
         net::any_contains(facts.policy.node_cidrs, net::Prefix::host(address));
}

bool is_private(const net::Address& address) {
  static const std::vector<net::Prefix> kPrivate = [] {
    std::vector<net::Prefix> all;
    for (const char* each : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"})
      all.push_back(*net::Prefix::parse(each));
    return all;
  }();
  return net::any_contains(kPrivate, net::Prefix::host(address));
}

bool is_service(const checks::Facts& facts, const net::Address& address) {
  const auto& known = facts.cloud_state->service_addresses;
  if (std::find(known.begin(), known.end(), address) != known.end()) return true;
  const auto* ipvs = checks::link_named(facts, kIpvs);
  return ipvs != nullptr && ipvs->has(address);
}

bool is_nic(const checks::Facts& facts, const net::Link& link) {
  if (!facts.nic.nic) return false;
  const auto& nic = facts.nic.nic->link;
  return link.index == nic.index || (nic.master != 0 && link.index == nic.master) ||
         (link.master == nic.index && link.mac && link.mac == nic.mac);
}

End end_at(const checks::Facts& facts, const net::Address& address, const net::Result<net::Route>& way) {
  for (const auto& link : *facts.links) {
    if (link.name != kIpvs && link.has(address)) return {.at = End::At::node, .link = &link};
  }
  if (const auto plane = checks::seen_data_plane(facts)) {
    for (const auto& pod : checks::routed_pods(facts, **plane)) {
      if (pod.address == address) return {.at = End::At::pod, .link = pod.link};
    }
  }
  if (is_behind_nic(facts, address))
    return {.at = End::At::pod, .link = link_at(facts, facts.nic.nic->link.index), .is_behind_bridge = true};
  if (!way || !net::leads_somewhere(way->type) || way->gateway) return {};
  const auto* link = link_at(facts, way->device);
  if (link == nullptr) return {};
  if (is_bridge_of_pods(facts, *link)) return {.at = End::At::pod, .link = link, .is_behind_bridge = true};
  if (is_pods(*link) && !is_nic(facts, *link)) return {.at = End::At::pod, .link = link};
  return {};
}

const net::Link* arrival_link(const checks::Facts& facts, const net::Address& from) {
  if (has_overlay(facts) && is_cluster_pod(facts, from)) {
    for (const auto* link : checks::overlay_links(facts)) {
      const bool is_of_v6 = link->name.find("v6") != std::string::npos;
      if (is_of_v6 == (from.family() == net::Family::ipv6)) return link;
    }
    return nullptr;
  }
  return facts.nic.nic ? &facts.nic.nic->link : nullptr;
}

OverlayPeer overlay_peer(const checks::Facts& facts, const net::Route& route) {
  const auto seen = checks::seen_data_plane(facts);
  if (!seen || (*seen)->entries_cut || !route.gateway) return {.is_known = false};
  const auto& plane = **seen;
  OverlayPeer peer;
  for (const auto& each : plane.neighbours) {
    if (each.device == route.device && each.address == *route.gateway) peer.mac = each.mac;
  }
  if (!peer.mac) return peer;
  for (const auto& each : plane.forwarding) {
    if (each.device == route.device && each.mac == *peer.mac && each.destination)
      peer.node = each.destination;
  }
  return peer;
}

}  // namespace trace
