#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "checks/check_row.h"
#include "checks/overlay.h"
#include "checks/pod_network.h"
#include "remedy/commands.h"

namespace checks {
namespace {

/// How packets find a peer by one link: route -> gateway -> its MAC -> the node.
struct PeerPaths {
  std::vector<const net::Route*> routes;
  std::map<net::Address, net::MacAddress> macs;
  std::map<net::MacAddress, net::Address> nodes;
};

PeerPaths ways_by(const net::Link& link, const observed::DataPlane& plane) {
  PeerPaths ways;
  for (const auto& route : plane.routes) {
    if (route.device == link.index && route.gateway && route.type == net::RouteType::unicast)
      ways.routes.push_back(&route);
  }
  for (const auto& each : plane.neighbours) {
    if (each.device == link.index) ways.macs.emplace(each.address, each.mac);
  }
  for (const auto& each : plane.forwarding) {
    if (each.device == link.index && each.destination) ways.nodes.emplace(each.mac, *each.destination);
  }
  return ways;
}

/// A peer that is not reached, in a sentence.
struct MissingPeer {
  std::string first;
  std::size_t count = 0;

  void add(std::string sentence) {
    if (count++ == 0) first = std::move(sentence);
  }
};

/// Follows every route to its node; the nodes that are reached are added to `reached`.
MissingPeer broken_ways(const net::Link& link, const PeerPaths& ways, std::set<net::Address>& reached) {
  MissingPeer gap;
  for (const auto* route : ways.routes) {
    const auto to =
        fmt::format("{} via {} dev {}", route->key.destination.text(), route->gateway->text(), link.name);
    const auto mac = ways.macs.find(*route->gateway);
    if (mac == ways.macs.end()) {
      gap.add(fmt::format("{}: no permanent neighbour entry has the MAC of {}", to, route->gateway->text()));
      continue;
    }
    const auto node = ways.nodes.find(mac->second);
    if (node == ways.nodes.end()) {
      gap.add(fmt::format("{}: no forwarding entry has the node of {}", to, mac->second.text()));
      continue;
    }
    reached.insert(node->second);
  }
  return gap;
}

/// Nodes that are in the forwarding database, but that no route leads to. A node of which another entry is in
/// use is reached: an entry with its former MAC stays behind when it gets a new one.
MissingPeer lost_nodes(const net::Link& link, const PeerPaths& ways, const std::set<net::Address>& reached) {
  std::set<net::Address> lost;
  MissingPeer gap;
  for (const auto& [mac, node] : ways.nodes) {
    if (reached.contains(node) || !lost.insert(node).second) continue;
    gap.add(
        fmt::format("no route by {} leads to the pods of node {} ({})", link.name, node.text(), mac.text()));
  }
  return gap;
}

Finding unreached(const Facts& facts, const MissingPeer& gap) {
  const auto others = gap.count > 1 ? fmt::format(", and {} more", gap.count - 1) : "";

  const auto restart = restart_overlay(facts);
  if (is_calicos_overlay(facts)) {
    return Finding::fail(gap.first + others,
                         restart.note("only where this stays: Felix looks again every 90 s"));
  }
  return Finding::fail(gap.first + others,
                       restart.note("the vxlan backend of flanneld does not look again by itself"));
}

/// What lets the kernel compute checksums from now on. Felix sets it with each link that it makes
/// (featureDetectOverride); for flannel's, udev does (TransmitChecksumOffload= in systemd.link(5), since
/// 245).
std::string without_offload(const Facts& facts) {
  if (is_calicos_overlay(facts)) {
    return remedy::patch_felix_configuration(
               R"({"spec":{"featureDetectOverride":"ChecksumOffloadBroken=true"}})")
        .text();
  }
  return "a file /etc/systemd/network/50-flannel.link with [Match] OriginalName=flannel* and [Link] "
         "MACAddressPolicy=none TransmitChecksumOffload=no, then a reboot";
}

Finding overlay_peers(const Facts& facts) {
  if (auto nothing = without_overlay(facts)) return *nothing;
  const auto plane = seen_data_plane(facts);
  if (!plane) return plane.error();
  if ((*plane)->routes_cut || (*plane)->entries_cut)
    return Finding::unknown("there are more routes and peers than are checked");
  const auto links = overlay_links(facts);
  if (links.empty())
    return Finding::unknown(
        fmt::format("there is no {}, see overlay.device", overlay_name(facts.policy.mode)));
  std::size_t peers = 0;
  for (const auto* link : links) {
    if (!link->up) return Finding::unknown(fmt::format("{} is down, see overlay.device", link->name));
    const auto ways = ways_by(*link, **plane);
    std::set<net::Address> reached;
    if (const auto gap = broken_ways(*link, ways, reached); gap.count > 0) return unreached(facts, gap);
    // Felix also knows nodes that have no pods, to which no route leads.
    if (!is_calicos_overlay(facts)) {
      if (const auto gap = lost_nodes(*link, ways, reached); gap.count > 0) return unreached(facts, gap);
    }
    peers = std::max(peers, reached.size());
  }
  if (peers == 0) return Finding::pass("no other node has pods yet");
  return Finding::pass(fmt::format("{}, each with its route, neighbour and forwarding entry",
                                   peers == 1 ? "1 other node" : fmt::format("{} other nodes", peers)));
}

/// A datagram that the fabric damages is rare; Felix's and flanneld's come with each connection to a service.
constexpr std::uint64_t kManyChecksumErrors = 10;

/// What shows the harm of another node's offload, here, where its packets are dropped.
std::optional<Finding> wrong_checksums(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host || !(*host)->checksum_errors) return std::nullopt;
  const auto& errors = *(*host)->checksum_errors;
  if (errors.lately < kManyChecksumErrors || errors.elapsed.count() == 0) return std::nullopt;
  const auto found =
      fmt::format("{} datagrams came with a wrong UDP checksum in {} s: other nodes leave it to their NICs",
                  errors.lately, errors.elapsed.count());
  if (is_calicos_overlay(facts)) {
    return Finding::fail(found, remedy::patch_felix_configuration(
                                    R"({"spec":{"featureDetectOverride":"ChecksumOffloadBroken=true"}})"));
  }
  return Finding::fail(
      found, remedy::command("mkdir -p /etc/systemd/network && printf '%s\\n' '[Match]' {} '[Link]' "
                             "MACAddressPolicy=none TransmitChecksumOffload=no > "
                             "/etc/systemd/network/50-flannel.link",
                             std::string_view("OriginalName=flannel*"))
                 .note("on each node, then a reboot"));
}

/// With Azure's NICs an offloaded checksum of VXLAN is sometimes wrong (flannel#790, #1279, calico#8860).
/// Every fresh vxlan link offloads and on most nodes it does no harm; what shows the harm, UdpInCsumErrors,
/// rises on the other node. The setting printed persists: ethtool's goes with the link.
Finding overlay_checksum_offload(const Facts& facts) {
  if (auto nothing = without_overlay(facts)) return *nothing;
  if (auto wrong = wrong_checksums(facts)) return *wrong;
  const auto plane = seen_data_plane(facts);
  if (!plane) return plane.error();
  for (const auto* link : overlay_links(facts)) {
    const auto& all = (*plane)->checksums;
    const auto seen =
        std::find_if(all.begin(), all.end(), [link](const auto& each) { return each.device == link->index; });
    if (seen == all.end()) continue;
    if (!seen->on)
      return Finding::pass(fmt::format("{} sends packets with their checksums computed", link->name));
    return Finding::pass(
        fmt::format("{} leaves checksums to the NIC; only where connections to services take 63 s: {}",
                    link->name, without_offload(facts)));
  }
  return Finding::unknown("the checksum offload of the overlay's link could not be seen");
}

}  // namespace

std::vector<Check> rows_of_overlay_peers() {
  return {
      {.order = 430,
       .id = "overlay.peers",
       .group = Group::cni,
       .once_installed = true,
       .why = "pods of that node cannot be reached from here",
       .look = overlay_peers},
      {.order = 440,
       .id = "overlay.checksum_offload",
       .group = Group::cni,
       .why = "such packets are dropped: connections to services hang for 63 s",
       .look = overlay_checksum_offload},
  };
}

}  // namespace checks
