#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "checks/overlay.h"
#include "checks/pod_network.h"
#include "checks/trace/packet.h"
#include "net/sysctls.h"
#include "remedy/remedy.h"

namespace trace {
namespace {

using checks::Facts;
using checks::Hop;

constexpr std::uint32_t kLocalTable = 255;
constexpr std::uint32_t kDefaultTable = 253;

/// Where the mode's packets get from the pod's link to the NIC.
Hop way_out(const Facts& facts) {
  switch (facts.policy.mode) {
    case node::Mode::udr:
      return Hop::route;
    case node::Mode::flannel:
    case node::Mode::calico_vxlan:
      return Hop::overlay;
    case node::Mode::azure_cni:
      break;
  }
  return Hop::nic;
}

bool reads_zero(const observed::SysctlReadings& readings, const std::string& key) {
  const auto found = readings.find(key);
  return found != readings.end() && found->second && *found->second == "0";
}

/// The sysctl by which packets of the link are not forwarded; empty: none that is known. IPv4 goes by the
/// link by which a packet comes (IN_DEV_FORWARD), IPv6 by `all`.
std::string forwarding_switched_off(const Facts& facts, const net::Link& link, net::Family family) {
  if (family == net::Family::ipv6) {
    const std::string all = "net/ipv6/conf/all/forwarding";
    const auto forced = facts.sysctls.find(fmt::format("net/ipv6/conf/{}/force_forwarding", link.name));
    const bool is_forced = forced != facts.sysctls.end() && forced->second && *forced->second == "1";
    return reads_zero(facts.sysctls, all) && !is_forced ? all : "";
  }
  auto own = fmt::format("net/ipv4/conf/{}/forwarding", link.name);
  if (reads_zero(facts.sysctls, own) || reads_zero(facts.environment->pod_sysctls, own)) return own;
  return "";
}

bool matches(const net::PolicyRule& rule, const Packet& packet) {
  const auto source = packet.source();
  const auto* in = packet.comes_by();
  const bool by_source = rule.source.length() == 0 || (source && rule.source.contains(*source));
  const bool by_destination = rule.destination.length() == 0 || rule.destination.contains(packet.question.to);
  const bool by_link = rule.iif.empty() || (in != nullptr && rule.iif == in->name);
  return (by_source && by_destination && by_link) != rule.inverted;
}

/// Which rule led to a table that is not the usual one, where that is known.
std::string rule_text(const Packet& packet, const net::Route& route) {
  const auto table = route.key.table;
  if (table == net::kMainTable || table == kLocalTable || table == kDefaultTable) return "";
  const auto source = packet.source();
  for (const auto& rule : packet.facts.desired.rules) {
    if (rule.table == table && source && rule.source.contains(*source))
      return fmt::format(", by rule {} from {}", rule.priority, rule.source.text());
  }
  if (const auto plane = checks::seen_data_plane(packet.facts)) {
    for (const auto& rule : (*plane)->rules_before_main) {
      if (rule.table == table && rule.action == net::PolicyRule::Action::lookup && matches(rule, packet))
        return fmt::format(", by rule {}", rule.priority);
    }
  }
  return ", by a rule that is not known here";
}

std::string entry_text(const Packet& packet, const net::Route& route) {
  auto text = net::route_text(route, net::link_name(*packet.facts.links, route.device));
  if (route.protocol == packet.facts.policy.protocol) text += ", the agent's";
  text += rule_text(packet, route);
  if (packet.sender.at != End::At::node) return text;
  const auto& source = packet.answers.source;
  return text + (packet.question.from ? "" : source ? ", source " + source->text() : "");
}

/// The kernel refuses the packet for where it comes from, not for where it goes.
bool is_taken_for_spoofed(const Packet& packet, int code) {
  if (packet.comes_by() == nullptr || packet.answers.to_node) return false;
  const auto of_node = packet.answers.to_node.error().code.value();
  return code == of_node && (code == EXDEV || code == EINVAL);
}

TracedHop refused(const Packet& packet, const net::Error& error) {
  const auto& facts = packet.facts;
  const auto hop = way_out(facts);
  const auto to = packet.question.to.text();
  const auto code = error.code.value();
  const auto* in = packet.comes_by();
  if (is_taken_for_spoofed(packet, code)) {
    return dropped(
        packet, Hop::nic, "route",
        fmt::format("the kernel takes {} on {} for spoofed (rp_filter): its own way there is by another link",
                    packet.source_text(), in->name),
        {"sysctl.rp_filter", "pods.links", "routes.in_sync", "routes.shadowed"});
  }
  const auto nowhere = [&](std::string_view what) {
    if (checks::is_of_this_node(facts, packet.question.to) && code == EINVAL) {
      return dropped(packet, hop, "route",
                     fmt::format("no pod here has {}: what is left of {} ends in a blackhole", to,
                                 net::joined(facts.policy.node_cidrs)),
                     {"routes.in_sync", "routes.shadowed", "pods.links"});
    }
    return dropped(packet, hop, "route", fmt::format("{} to {}", what, to),
                   {"routes.in_sync", "routes.shadowed", "routes.main_rules", "overlay.peers",
                    "overlay.device", "calico.residue", "nic.gateway", "nic.up", "nic.address"});
  };
  switch (code) {
    case EINVAL:
      return nowhere("a blackhole route leads");
    case EACCES:
      return nowhere("a prohibit route leads");
    case ENETUNREACH:
      return nowhere("the kernel has no route");
    case EHOSTUNREACH:
      if (in != nullptr && packet.answers.to_receiver) {
        return dropped(packet, Hop::nic, "forwarding",
                       fmt::format("the kernel does not forward what comes by {}", in->name),
                       {"sysctl.ip_forward", "sysctl.nic_forwarding", "pods.links"});
      }
      return nowhere("an unreachable route leads");
    default:
      return uncertain(packet, hop, "route", error.what);
  }
}

/// The link is where packets of that kind are meant to leave.
std::optional<TracedHop> misled(const Packet& packet, const net::Route& route) {
  const auto& facts = packet.facts;
  const auto* link = packet.leaves_by();
  const auto entry = entry_text(packet, route);
  if (link == nullptr) {
    return uncertain(packet, way_out(facts), "route",
                     fmt::format("{}: one of several next hops, or of a next-hop object", entry));
  }
  const bool to_pod_elsewhere =
      packet.receiver.at == End::At::elsewhere && is_cluster_pod(facts, packet.question.to);
  if (to_pod_elsewhere && has_overlay(facts) && is_nic(facts, *link)) {
    return dropped(
        packet, Hop::overlay, "route",
        fmt::format("{}: it leaves by {} as it is, and Azure knows no address of a pod", entry, link->name),
        {"overlay.peers", "overlay.device", "overlay.backend", "calico.residue"});
  }
  const bool is_expected = is_nic(facts, *link) || link->vxlan || packet.receiver.at != End::At::elsewhere;
  if (is_expected) return std::nullopt;
  return uncertain(
      packet, way_out(facts), "route",
      fmt::format("{}: it leaves by {}, and what is behind that is not known", entry, link->name),
      {"routes.in_sync", "routes.shadowed", "overlay.peers"});
}

std::string state_text(const observed::NeighbourEntry& entry) {
  const auto state = net::name_of(observed::kNeighbourStateNames, entry.state);
  return entry.mac ? fmt::format("{} ({})", entry.mac->text(), state) : std::string(state);
}

}  // namespace

TracedHop sender_hop(const Packet& packet) {
  const auto& link = *packet.sender.link;
  const auto title = "pod's link";
  const auto text = fmt::format("{} is {} {}", packet.source_text(),
                                packet.sender.is_behind_bridge ? "behind bridge" : "the pod of", link.name);
  if (!link.up)
    return dropped(packet, Hop::link, title, text + ", which is down",
                   {"pods.links", "networkmanager.unmanaged"});
  const bool answers_for_gateway = checks::is_calicos(link) || checks::is_azures(link);
  const auto proxy_arp = fmt::format("net/ipv4/conf/{}/proxy_arp", link.name);
  if (packet.family() == net::Family::ipv4 && checks::is_calicos(link) && answers_for_gateway &&
      reads_zero(packet.facts.environment->pod_sysctls, proxy_arp)) {
    return dropped(packet, Hop::link, title,
                   fmt::format("{}, and {} is 0: the pod asks for the MAC of its gateway and gets no answer",
                               text, net::sysctl_name(proxy_arp)),
                   {"pods.links"});
  }
  return carried(Hop::link, title, text);
}

std::optional<TracedHop> forwarding_hop(const Packet& packet) {
  const auto* in = packet.comes_by();
  if (in == nullptr || packet.receiver.at == End::At::node) return std::nullopt;
  const auto key = forwarding_switched_off(packet.facts, *in, packet.family());
  if (key.empty()) return std::nullopt;
  return dropped(
      packet, Hop::nic, "forwarding",
      fmt::format("{} is 0: the kernel does not forward what comes by {}", net::sysctl_name(key), in->name),
      {"sysctl.ip_forward", "sysctl.ipv6_forwarding", "sysctl.nic_forwarding", "pods.links"});
}

TracedHop route_hop(const Packet& packet) {
  const auto& found = packet.answers.packet;
  if (!found) return refused(packet, found.error());
  if (!net::leads_somewhere(found->type)) return refused(packet, {{EINVAL, std::system_category()}, ""});
  if (found->type != net::RouteType::local) {
    if (auto wrong = misled(packet, *found)) return *wrong;
  }
  return carried(way_out(packet.facts), "route", entry_text(packet, *found));
}

std::optional<TracedHop> neighbour_hop(const Packet& packet) {
  const auto* out = packet.leaves_by();
  if (out == nullptr || out->vxlan || packet.receiver.at == End::At::node) return std::nullopt;
  const bool by_nic = is_nic(packet.facts, *out);
  const auto hop = by_nic ? Hop::nic : Hop::link;
  const auto title = "neighbour";
  const auto who = packet.answers.next_hop.text();
  if (by_nic && (!out->up || !out->carrier)) {
    return dropped(packet, hop, title, fmt::format("{} is down, or has no carrier", out->name),
                   {"nic.up", "nic.found"});
  }
  const auto& entry = packet.answers.neighbour;
  if (!entry) return uncertain(packet, hop, title, entry.error().what);
  if (!*entry)
    return carried(
        hop, title,
        fmt::format("{} on {}: no entry yet, the kernel asks with the first packet", who, out->name));
  const auto said = fmt::format("{} on {}: {}", who, out->name, state_text(**entry));
  const auto state = (*entry)->state;
  if (state != observed::NeighbourState::failed && state != observed::NeighbourState::incomplete)
    return carried(hop, title, said);
  if (by_nic)
    return uncertain(packet, hop, title, said + ": Azure answers for every address, and does not here",
                     {"nic.up", "nic.address", "nic.found"});
  return uncertain(packet, hop, title, said + ": the pod does not answer, it may be gone", {"pods.links"});
}

TracedHop overlay_hop(const Packet& packet) {
  const auto& route = *packet.answers.packet;
  const auto& link = *packet.leaves_by();
  const auto title = "overlay";
  if (!link.up) return dropped(packet, Hop::overlay, title, link.name + " is down", {"overlay.device"});
  const auto peer = overlay_peer(packet.facts, route);
  const auto gateway = route.gateway ? route.gateway->text() : packet.question.to.text();
  if (!peer.is_known)
    return uncertain(packet, Hop::overlay, title,
                     fmt::format("the neighbours and forwarding entries of {} are not known", link.name));
  if (!peer.mac)
    return dropped(packet, Hop::overlay, title,
                   fmt::format("{}: no permanent neighbour entry has the MAC of {}", link.name, gateway),
                   {"overlay.peers"});
  if (!peer.node)
    return dropped(
        packet, Hop::overlay, title,
        fmt::format("{}: no forwarding entry has the node of {} ({})", link.name, gateway, peer.mac->text()),
        {"overlay.peers"});
  return carried(Hop::overlay, title,
                 fmt::format("{} is {}, which node {} has: VXLAN {} to UDP port {}", gateway,
                             peer.mac->text(), peer.node->text(), link.vxlan->vni, link.vxlan->port));
}

TracedHop outer_hop(const Packet& packet) {
  const auto& outer = packet.answers.outer;
  const auto& vxlan = *packet.leaves_by()->vxlan;
  const auto title = "outer route";
  if (vxlan.local && std::none_of(packet.facts.links->begin(), packet.facts.links->end(),
                                  [&](const net::Link& link) { return link.has(*vxlan.local); })) {
    return dropped(packet, Hop::overlay, title,
                   fmt::format("{} sends from {}, which is no address of this node", packet.leaves_by()->name,
                               vxlan.local->text()),
                   {"overlay.device", "nic.address"});
  }
  if (!outer)
    return dropped(packet, Hop::nic, title, outer.error().what,
                   {"nic.up", "nic.address", "nic.gateway", "routes.main_rules"});
  const auto text = net::route_text(*outer, net::link_name(*packet.facts.links, outer->device));
  const auto* link = link_at(packet.facts, outer->device);
  if (link == nullptr || !is_nic(packet.facts, *link))
    return uncertain(packet, Hop::nic, title, text + ": it does not leave by the NIC", {"routes.shadowed"});
  return carried(Hop::nic, title, text);
}

std::optional<TracedHop> answer_hop(const Packet& packet) {
  const auto* out = packet.leaves_by();
  const auto* back_to = packet.comes_by();
  const auto source = packet.source();
  if (out == nullptr || back_to == nullptr || !source || packet.receiver.at == End::At::node)
    return std::nullopt;
  const auto title = "answer";
  const auto key = forwarding_switched_off(packet.facts, *out, packet.family());
  if (!key.empty()) {
    return dropped(packet, Hop::nic, title,
                   fmt::format("{} is 0: the kernel does not forward what comes back by {}",
                               net::sysctl_name(key), out->name),
                   {"sysctl.ip_forward", "sysctl.ipv6_forwarding", "sysctl.nic_forwarding", "pods.links"});
  }
  const auto& way = packet.answers.answer;
  const auto code = way ? 0 : way.error().code.value();
  if (code == EINVAL || code == EXDEV || code == ENETUNREACH || code == EACCES || code == EHOSTUNREACH) {
    return dropped(packet, Hop::nic, title,
                   fmt::format("the kernel refuses what {} sends back by {}: {}", packet.question.to.text(),
                               out->name, way.error().what),
                   {"sysctl.rp_filter", "sysctl.nic_forwarding", "routes.in_sync", "pods.links"});
  }
  if (!way) return uncertain(packet, Hop::nic, title, way.error().what);
  return std::nullopt;
}

}  // namespace trace
