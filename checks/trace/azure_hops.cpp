#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "checks/azure_state.h"
#include "checks/trace/packet.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"
#include "node/security_rules.h"

namespace trace {
namespace {

using checks::Hop;
using node::SecurityDecision;
using observed::AzureDirection;
using observed::AzureNetwork;
using observed::AzureProtocol;
using observed::AzureSecurityGroup;

const AzureNetwork& azure_of(const Packet& packet) { return *packet.facts.cloud_state->azure; }

/// Where the mode's page shows what Azure's network decides.
Hop in_azure(const Packet& packet) {
  return packet.facts.policy.mode == node::Mode::udr ? Hop::route_table : Hop::network;
}

struct Choice {
  node::AzureChoice choice;
  std::string text;
};

Choice choice_of(const Packet& packet, const net::Address& destination) {
  const auto& azure = azure_of(packet);
  const auto* table = checks::table_of(azure);
  auto choice = node::azure_choice(table, azure.network ? &*azure.network : nullptr, destination);
  const auto hop = choice.next_hop ? fmt::format("{} {}", choice.next_hop_type, choice.next_hop->text())
                                   : choice.next_hop_type;
  auto text = choice.route.empty() || table == nullptr
                  ? fmt::format("{} to {}: a system route", choice.prefix.text(), hop)
                  : fmt::format("{} to {}: route {} of {}", choice.prefix.text(), hop, choice.route,
                                node::name_of(table->id));
  return {std::move(choice), std::move(text)};
}

/// A pod of user-defined routes: no NIC has its address.
bool needs_route(const Packet& packet, const net::Address& address) {
  return packet.facts.policy.mode == node::Mode::udr && is_cluster_pod(packet.facts, address);
}

struct Step {
  const AzureSecurityGroup* group;
  std::string_view whose;
};

/// In the order in which Azure asks them: outbound the NIC's first.
/// https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works
std::vector<Step> groups_of(const AzureNetwork& azure, AzureDirection direction) {
  std::vector<Step> steps;
  const auto add = [&](const std::optional<std::string>& id, std::string_view whose) {
    if (!id) return;
    for (const auto& group : *azure.security_groups) {
      if (net::same_ignoring_case(group.id, *id)) steps.push_back({&group, whose});
    }
  };
  if (azure.subnet) add(azure.subnet->security_group_id, "subnet");
  if (azure.nic) add(azure.nic->security_group_id, "NIC");
  if (direction == AzureDirection::outbound) std::reverse(steps.begin(), steps.end());
  return steps;
}

std::string rule_text(const Step& step, const observed::AzureSecurityRule& rule) {
  return fmt::format("rule {} of network security group {} (priority {}, {}), the {}'s", rule.name,
                     node::name_of(step.group->id), rule.priority,
                     net::lower(net::name_of(observed::kAzureDirectionNames, rule.direction)), step.whose);
}

struct Admission {
  Verdict verdict = Verdict::carried;
  std::string sentence;
};

Admission decide_by(const Packet& packet, const Wire& wire, const Step& step, AzureDirection direction) {
  const auto& azure = azure_of(packet);
  const node::SecurityFlow flow{.direction = direction,
                                .source = net::Prefix::host(wire.source),
                                .destination = net::Prefix::host(wire.destination)};
  const std::vector<net::Prefix> ours = {flow.source, flow.destination};
  const node::VirtualNetworkTag tag(*azure.network, checks::table_of(azure));
  std::vector<AzureProtocol> protocols;
  if (wire.protocol != Protocol::udp) protocols.push_back(AzureProtocol::tcp);
  if (wire.protocol != Protocol::tcp) protocols.push_back(AzureProtocol::udp);
  std::size_t denied = 0;
  Admission worst;
  for (const auto protocol : protocols) {
    const auto decision =
        node::decide(*step.group, flow, {.protocol = protocol, .port = wire.port}, tag, ours);
    switch (decision.verdict) {
      case SecurityDecision::Verdict::admitted:
        if (worst.sentence.empty() && decision.rule != nullptr)
          worst.sentence = rule_text(step, *decision.rule) + ", admits it";
        break;
      case SecurityDecision::Verdict::denied:
        ++denied;
        worst = {Verdict::uncertain, rule_text(step, *decision.rule) + ", drops it"};
        break;
      case SecurityDecision::Verdict::by_policy:
        worst = {Verdict::uncertain,
                 rule_text(step, *decision.rule) + ", admits a part of what goes there: name the port"};
        break;
      case SecurityDecision::Verdict::uncertain:
        worst = {Verdict::uncertain, decision.rule == nullptr
                                         ? fmt::format("network security group {} has no rule for it",
                                                       node::name_of(step.group->id))
                                         : rule_text(step, *decision.rule) +
                                               ", decides, or does not: whom it names is not known here"};
        break;
    }
  }
  if (denied == protocols.size()) {
    worst.verdict = Verdict::dropped;
  } else if (denied > 0) {
    worst.sentence += ", but not of every protocol: name the port";
  }
  return worst;
}

/// Why the groups cannot be judged; empty: they can.
std::string without_groups(const AzureNetwork& azure) {
  if (!azure.security_groups) return azure.security_groups.error().what;
  if (!azure.subnet) return azure.subnet.error().what;
  return azure.network ? "" : azure.network.error().what;
}

TracedHop groups_hop(const Packet& packet, const Wire& wire, AzureDirection direction) {
  const auto title = direction == AzureDirection::inbound ? "security groups in" : "security groups out";
  const auto hop = in_azure(packet);
  const auto& azure = azure_of(packet);
  if (const auto why = without_groups(azure); !why.empty()) return uncertain(packet, hop, title, why);
  auto all = carried(hop, title, "neither the subnet nor this NIC has a network security group");
  for (const auto& step : groups_of(azure, direction)) {
    const auto said = decide_by(packet, wire, step, direction);
    if (said.verdict == Verdict::dropped)
      return dropped(packet, hop, title, said.sentence, {"azure.security_groups"});
    if (all.verdict == Verdict::uncertain) continue;
    all.verdict = said.verdict;
    all.sentence = said.sentence;
  }
  return all;
}

bool is_in_subnet(const AzureNetwork& azure, const net::Address& address) {
  return azure.subnet && net::any_contains(azure.subnet->prefixes, net::Prefix::host(address));
}

/// The rule of the subnet's group that drops it on its way into a NIC of the same subnet; empty: none does.
std::string dropped_into_subnet(const Packet& packet, const Wire& wire, const net::Address& at) {
  if (!packet.facts.cloud_state->azure) return "";
  const auto& azure = azure_of(packet);
  if (!without_groups(azure).empty() || !is_in_subnet(azure, at)) return "";
  for (const auto& step : groups_of(azure, AzureDirection::inbound)) {
    if (step.whose != "subnet") continue;
    const auto said = decide_by(packet, wire, step, AzureDirection::inbound);
    if (said.verdict == Verdict::dropped) return said.sentence;
  }
  return "";
}

/// The table's way to an address of a pod here leads to this NIC; else the sentence that says where.
std::optional<std::string> led_elsewhere(const Packet& packet, const net::Address& pod) {
  const auto [choice, text] = choice_of(packet, pod);
  if (choice.next_hop && checks::is_own_address(packet.facts, choice.next_hop)) return std::nullopt;
  return fmt::format("{}, not to this node, which has {}", text, pod.text());
}

TracedHop unless_read(const Packet& packet, const char* title, TracedHop otherwise) {
  const auto& table = azure_of(packet).route_table;
  return table ? std::move(otherwise) : uncertain(packet, in_azure(packet), title, table.error().what);
}

}  // namespace

std::optional<TracedHop> azure_not_asked(const Packet& packet) {
  const auto& facts = packet.facts;
  if (facts.cloud_state->azure) return std::nullopt;
  TracedHop hop{.hop = in_azure(packet), .title = "Azure", .verdict = Verdict::not_asked, .sentence = ""};
  if (!facts.policy.azure_verified) {
    hop.sentence = "NIC, security groups and route table are not looked at: azure.verify is off";
  } else if (facts.policy.mode != node::Mode::udr && !facts.policy.azure_verified_always) {
    hop.sentence = fmt::format(
        "security groups and route table are looked at only with azure.verify = \"on\" in mode {}",
        node::mode_name(facts.policy.mode));
  } else {
    hop.verdict = Verdict::uncertain;
    hop.sentence = "Azure Resource Manager has not been asked yet";
  }
  return hop;
}

TracedHop nic_hop(const Packet& packet, const net::Address& own) {
  const auto title = "Azure's NIC";
  const auto& nic = azure_of(packet).nic;
  if (!nic) return uncertain(packet, Hop::nic, title, nic.error().what);
  const auto name = node::name_of(nic->id);
  const bool is_own = std::any_of(nic->configurations.begin(), nic->configurations.end(),
                                  [&own](const auto& each) { return each.address == own; });
  if (is_own) return carried(Hop::nic, title, fmt::format("{} is an address of NIC {}", own.text(), name));
  if (nic->ip_forwarding)
    return carried(Hop::nic, title,
                   fmt::format("IP forwarding is on for NIC {}, whose address {} is not", name, own.text()));
  return dropped(packet, Hop::nic, title,
                 fmt::format("IP forwarding is off for NIC {}, whose address {} is not", name, own.text()),
                 {"azure.ip_forwarding"});
}

TracedHop outbound_groups_hop(const Packet& packet, const Wire& wire) {
  return groups_hop(packet, wire, AzureDirection::outbound);
}

TracedHop inbound_groups_hop(const Packet& packet, const Wire& wire) {
  return groups_hop(packet, wire, AzureDirection::inbound);
}

Leads azure_leads(const Packet& packet, const Wire& wire) {
  if (!packet.facts.cloud_state->azure || !azure_of(packet).route_table) return {};
  const auto choice = choice_of(packet, wire.destination).choice;
  const auto& type = choice.next_hop_type;
  if (needs_route(packet, wire.destination)) {
    if (choice.next_hop) return {.to = Leads::To::node, .next_hop = choice.next_hop};
    return {.to = type == "VirtualNetworkGateway" ? Leads::To::unknown : Leads::To::nowhere};
  }
  if (type == "None") return {.to = Leads::To::nowhere};
  if (type == "VnetLocal") return {.to = Leads::To::virtual_network, .next_hop = wire.destination};
  return {.to = type == "Internet" ? Leads::To::internet : Leads::To::unknown, .next_hop = choice.next_hop};
}

TracedHop table_hop(const Packet& packet, const Wire& wire) {
  const auto title = "route table";
  const auto hop = in_azure(packet);
  if (const auto& table = azure_of(packet).route_table; !table)
    return uncertain(packet, hop, title, table.error().what);
  const auto [choice, text] = choice_of(packet, wire.destination);
  const auto leads = azure_leads(packet, wire);
  switch (leads.to) {
    case Leads::To::node:
      if (!checks::is_own_address(packet.facts, leads.next_hop)) return carried(hop, title, text);
      return dropped(packet, hop, title, fmt::format("{}: back to this node, which has no such pod", text),
                     {"azure.stale_routes"});
    case Leads::To::nowhere: {
      const auto* what =
          choice.next_hop_type == "None" ? "Azure drops it" : "no NIC has the address of a pod";
      auto lost = dropped(packet, hop, title, fmt::format("{}: {}", text, what),
                          {"azure.route_table", "azure.vnet_range"});
      if (lost.check.empty() && needs_route(packet, wire.destination))
        lost.next_step = ask_where(packet, packet.question.to);
      return lost;
    }
    case Leads::To::unknown:
      return uncertain(packet, hop, title, fmt::format("{}: what is there lets it by, or does not", text),
                       {"azure.route_table"});
    case Leads::To::virtual_network:
    case Leads::To::internet:
      break;
  }
  return carried(hop, title, text);
}

TracedHop table_here_hop(const Packet& packet, const net::Address& pod) {
  const auto title = "route table";
  if (const auto wrong = led_elsewhere(packet, pod)) {
    return unless_read(
        packet, title,
        dropped(packet, Hop::route_table, title, *wrong,
                {"azure.node_route", "azure.stale_routes", "azure.route_table", "azure.vnet_range"}));
  }
  return unless_read(packet, title, carried(Hop::route_table, title, choice_of(packet, pod).text));
}

std::optional<TracedHop> answer_table_hop(const Packet& packet, const Wire& wire) {
  if (packet.sender.at != End::At::pod || !needs_route(packet, wire.source)) return std::nullopt;
  const auto& azure = azure_of(packet);
  if (!azure.route_table) return std::nullopt;
  const auto title = "answer's route table";
  const auto wrong = led_elsewhere(packet, wire.source);
  const auto leads = azure_leads(packet, wire);
  if (leads.to != Leads::To::node && leads.to != Leads::To::virtual_network) return std::nullopt;
  const bool is_same_table = leads.next_hop && is_in_subnet(azure, *leads.next_hop);
  if (!is_same_table)
    return uncertain(packet, Hop::route_table, title,
                     fmt::format("{} answers by the table of another subnet, which is not asked",
                                 wire.destination.text()));
  if (!wrong) return carried(Hop::route_table, title, choice_of(packet, wire.source).text);
  return dropped(packet, Hop::route_table, title, *wrong,
                 {"azure.node_route", "azure.stale_routes", "azure.route_table", "azure.vnet_range"});
}

TracedHop peer_hop(const Packet& packet, const Wire& wire, const std::optional<net::Address>& at) {
  const auto title = "peer's NIC";
  const auto who = at ? at->text() : "the node that has " + packet.question.to.text();
  if (at) {
    if (const auto rule = dropped_into_subnet(packet, wire, *at); !rule.empty())
      return dropped(packet, Hop::peer_nic, title, fmt::format("{}, on its way to {}", rule, who),
                     {"azure.security_groups"});
  }
  auto hop = uncertain(
      packet, Hop::peer_nic, title,
      fmt::format("what {} does with it is seen there: its NIC in Azure, its kernel, its pod", who));
  hop.next_step = at ? ask_on_node(packet, *at) : ask_where(packet, packet.question.to);
  return hop;
}

// The one place for with which address pods leave: where a check knows it, this hop is that check's.
TracedHop translation_hop(const Packet& packet, const Wire& wire) {
  const bool is_own = checks::is_own_address(packet.facts, wire.source);
  auto hop = uncertain(
      packet, Hop::nic, "source address",
      is_own ? fmt::format("Azure gives {} a public address where the subnet has one: that is not looked at",
                           wire.source.text())
             : fmt::format("no NIC has {}: nothing comes back unless this node puts its own address in its "
                           "place, which is not looked at",
                           wire.source.text()));
  if (!is_own)
    hop.next_step = packet.family() == net::Family::ipv6 ? "ip6tables-save -t nat" : "iptables-save -t nat";
  return hop;
}

}  // namespace trace
