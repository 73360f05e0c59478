#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "checks/trace/trace.h"

// What the hops have in common.
namespace trace {

/// The packet on its way: everything that hops are judged by.
struct Packet {
  const checks::Facts& facts;
  std::span<const checks::CheckResult> checks;
  const Question& question;
  const KernelAnswers& answers;
  End sender;
  End receiver;

  [[nodiscard]] net::Family family() const { return question.to.family(); }
  /// As it stands in the packet; nullopt: the kernel has not said which of its own it takes.
  [[nodiscard]] std::optional<net::Address> source() const;
  /// "10.244.1.7"; "this node" where no address is known.
  [[nodiscard]] std::string source_text() const;
  /// The receiver may be a service: a private address that nothing known here has.
  /// kube-proxy has it before any route is asked.
  [[nodiscard]] bool may_be_service() const;
  /// The receiver is a pod, or in a subnet of this VM's NICs.
  [[nodiscard]] bool is_near() const;
  /// A pod of Azure CNI's that has no address of the NIC's: what carries it is Azure's own.
  [[nodiscard]] bool is_of_azures_overlay(const net::Address& pod) const;
  /// Between two pods behind one bridge no route is asked.
  [[nodiscard]] bool is_switched() const;
  /// The link that the kernel sends it by; nullptr: none, or not known.
  [[nodiscard]] const net::Link* leaves_by() const;
  /// The one by which it comes; nullptr: it is this node's own.
  [[nodiscard]] const net::Link* comes_by() const;
};

/// The first of these checks that fails; nullptr: none does.
const checks::CheckResult* failing(const Packet& packet, std::initializer_list<std::string_view> ids);

/// With the first of the checks that fails, and its remedy.
TracedHop dropped(const Packet& packet, checks::Hop hop, std::string title, std::string sentence,
                  std::initializer_list<std::string_view> ids);
TracedHop uncertain(const Packet& packet, checks::Hop hop, std::string title, std::string sentence,
                    std::initializer_list<std::string_view> ids = {});
TracedHop carried(checks::Hop hop, std::string title, std::string sentence);

/// The same question, to be asked on another node: "calico-azure-agent explain A to B".
std::string ask_on_node(const Packet& packet, const net::Address& node);
std::string ask_where(const Packet& packet, const net::Address& there);
/// How to find out whether the address is a service's.
std::string ask_for_service(const net::Address& address);

// Of the kernel (kernel_hops.cpp).

TracedHop sender_hop(const Packet& packet);
TracedHop route_hop(const Packet& packet);
/// nullopt: it is not forwarded, or nothing is known to be in its way.
std::optional<TracedHop> forwarding_hop(const Packet& packet);
std::optional<TracedHop> neighbour_hop(const Packet& packet);
/// By which VXLAN packet it goes on; only where the route leads into an overlay.
TracedHop overlay_hop(const Packet& packet);
TracedHop outer_hop(const Packet& packet);
/// What comes back by the link that the packet left by.
std::optional<TracedHop> answer_hop(const Packet& packet);

// Of netfilter (netfilter_hops.cpp).

TracedHop filter_hop(const Packet& packet);
/// Only where a rule would drop what comes back, were it no answer.
std::optional<TracedHop> answer_filter_hop(const Packet& packet);

// Of Azure (azure_hops.cpp).

/// A packet as the NIC sees it.
struct Wire {
  net::Address source;
  net::Address destination;
  std::optional<std::uint16_t> port = {};
  Protocol protocol = Protocol::any;
  bool is_tunnel = false;
};
/// Why Azure's part is not judged: it was not asked. nullopt: it was.
std::optional<TracedHop> azure_not_asked(const Packet& packet);
/// The NIC takes and sends what is not its own where IP forwarding is on. `own`: the end of it that is here.
TracedHop nic_hop(const Packet& packet, const net::Address& own);
TracedHop outbound_groups_hop(const Packet& packet, const Wire& wire);
TracedHop inbound_groups_hop(const Packet& packet, const Wire& wire);
TracedHop table_hop(const Packet& packet, const Wire& wire);
/// By which table packets come to the pod here.
TracedHop table_here_hop(const Packet& packet, const net::Address& pod);
/// The way back to the pod here; nullopt: none is needed, or it is not known.
std::optional<TracedHop> answer_table_hop(const Packet& packet, const Wire& wire);
/// `at`: the next hop, or the other node; nullopt: not known.
TracedHop peer_hop(const Packet& packet, const Wire& wire, const std::optional<net::Address>& at);
/// With which address it leaves the virtual network.
TracedHop translation_hop(const Packet& packet, const Wire& wire);

/// Where Azure sends the packet.
struct Leads {
  enum class To : std::uint8_t { nowhere, node, virtual_network, internet, unknown };
  To to = To::unknown;
  std::optional<net::Address> next_hop = {};
};
Leads azure_leads(const Packet& packet, const Wire& wire);

}  // namespace trace
