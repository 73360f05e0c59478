#include "checks/trace/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "checks/pod_network.h"
#include "checks/trace/packet.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"
#include "node/nic_resolution.h"

namespace trace {
namespace {

using checks::Hop;

bool is_platform(const net::Address& address) {
  const auto text = address.text();
  return text == node::kImdsAddress || text == node::kWireServerAddress;
}

/// Adds hops until one drops the packet.
class Path {
 public:
  explicit Path(const Packet& packet) : packet_(packet) {}

  /// From here or this node itself.
  void follow_out() {
    if (packet_.sender.at == End::At::pod && !add(sender_hop(packet_))) return;
    if (is_service(packet_.facts, packet_.question.to)) return add_service();
    if (packet_.may_be_service()) add_possible_service();
    if (packet_.is_switched()) return follow_bridge();
    if (!add(forwarding_hop(packet_)) || !add(route_hop(packet_))) return;
    if (!packet_.answers.packet) {
      // Of a bundle Azure's part is known all the same.
      const bool is_meant_for_nic = packet_.receiver.at == End::At::elsewhere && !has_overlay(packet_.facts);
      if (is_meant_for_nic && packet_.question.from) follow_azure();
      return;
    }
    if (packet_.receiver.at == End::At::node) return add_all({filter_hop(packet_), at_node()});
    if (packet_.receiver.at == End::At::pod) return follow_to_pod();
    const auto* link = packet_.leaves_by();
    if (link == nullptr) return;
    if (link->vxlan) return follow_overlay();
    if (is_nic(packet_.facts, *link)) follow_nic();
  }

  /// From another node, or whoever has the address, to a pod here or this node.
  void follow_in() {
    add_senders_side();
    const auto& own = packet_.question.to;
    if (packet_.facts.cloud_state->azure) {
      if (!add_azure_in(own)) return;
    } else {
      add(azure_not_asked(packet_));
    }
    if (!add(arrival()) || !add(forwarding_hop(packet_)) || !add(route_hop(packet_))) return;
    if (!packet_.answers.packet) return;
    if (packet_.receiver.at == End::At::node) return add_all({filter_hop(packet_), at_node()});
    follow_to_pod();
  }

  [[nodiscard]] std::vector<TracedHop> hops() && { return std::move(hops_); }

 private:
  /// False where it goes no further.
  bool add(std::optional<TracedHop> hop) {
    if (!hop) return true;
    const bool goes_on = hop->verdict != Verdict::dropped;
    if (!goes_on && may_be_service_) {
      hop->verdict = Verdict::uncertain;
      hop->sentence += ", if it is no service";
    }
    hops_.push_back(std::move(*hop));
    return goes_on;
  }
  void add_all(std::vector<TracedHop> hops) {
    for (auto& hop : hops) {
      if (!add(std::move(hop))) return;
    }
  }

  [[nodiscard]] TracedHop at_node() const {
    return carried(Hop::peer_pod, "this node",
                   fmt::format("{} is an address of this node", packet_.question.to.text()));
  }

  void add_service() {
    auto hop =
        uncertain(packet_, Hop::link, "service",
                  fmt::format("{} is a service's: kube-proxy turns it into the address of one of its pods",
                              packet_.question.to.text()));
    hop.next_step = ask_for_service(packet_.question.to);
    add(std::move(hop));
  }

  void follow_bridge() {
    const auto& bridge = packet_.sender.link->name;
    add(carried(Hop::link, "bridge",
                fmt::format("{} hands it over: the kernel's routes have no part in it", bridge)));
    auto filter = filter_hop(packet_);
    if (filter.verdict == Verdict::dropped) {
      filter.verdict = Verdict::uncertain;
      filter.sentence += fmt::format(", where br_netfilter shows it what {} hands over", bridge);
    }
    add_all({std::move(filter), at_pod()});
  }

  void add_possible_service() {
    may_be_service_ = true;
    auto hop = uncertain(
        packet_, Hop::link, "service",
        fmt::format("{} is private and neither a pod nor, as far as is known, in the virtual network: "
                    "where it is a service's, kube-proxy turns it into the address of one of its pods",
                    packet_.question.to.text()));
    hop.next_step = ask_for_service(packet_.question.to);
    add(std::move(hop));
  }

  void follow_to_pod() {
    if (!add(filter_hop(packet_)) || !add(neighbour_hop(packet_)) || !add(at_pod())) return;
    if (!add(answer_hop(packet_)) || !add(answer_filter_hop(packet_))) return;
    if (packet_.sender.at == End::At::elsewhere && packet_.facts.cloud_state->azure) add_answer_out();
  }

  [[nodiscard]] TracedHop at_pod() const {
    const auto& to = packet_.question.to;
    const auto* link = packet_.receiver.link;
    if (!link->up) {
      return dropped(packet_, Hop::link, "receiver's link",
                     fmt::format("{} of {} is down", link->name, to.text()),
                     {"pods.links", "networkmanager.unmanaged"});
    }
    if (packet_.receiver.is_behind_bridge && !is_given_away(to)) {
      return uncertain(packet_, Hop::link, "receiver's link",
                       fmt::format("host-local has given {} to no pod behind {}", to.text(), link->name),
                       {"cni.host_local"});
    }
    return carried(
        Hop::link, "receiver's link",
        fmt::format("{} {} by {}: what listens there is not looked at", to.text(),
                    packet_.receiver.is_behind_bridge ? "is reached" : "is the pod's that is reached",
                    link->name));
  }

  /// True also where that is not known.
  [[nodiscard]] bool is_given_away(const net::Address& address) const {
    const auto cni = checks::seen_cni(packet_.facts);
    if (!cni || !(*cni)->host_local || (*cni)->host_local->empty()) return true;
    const auto& networks = *(*cni)->host_local;
    return std::any_of(networks.begin(), networks.end(), [&address](const auto& network) {
      return std::find(network.reserved.begin(), network.reserved.end(), address) != network.reserved.end();
    });
  }

  void follow_overlay() {
    if (!add(filter_hop(packet_)) || !add(overlay_hop(packet_))) return;
    const auto peer = overlay_peer(packet_.facts, *packet_.answers.packet);
    if (!peer.node) return;
    if (!add(outer_hop(packet_))) return;
    const auto& vxlan = *packet_.leaves_by()->vxlan;
    const auto own = vxlan.local ? vxlan.local : nic_address(peer.node->family());
    if (!own) return;
    const Wire wire{.source = *own,
                    .destination = *peer.node,
                    .port = vxlan.port,
                    .protocol = Protocol::udp,
                    .is_tunnel = true};
    if (packet_.facts.cloud_state->azure) {
      if (!add(nic_hop(packet_, *own)) || !add(outbound_groups_hop(packet_, wire)) ||
          !add(table_hop(packet_, wire)))
        return;
    } else {
      add(azure_not_asked(packet_));
    }
    if (add(peer_hop(packet_, wire, peer.node))) add_answer();
  }

  void follow_nic() {
    if (!add(filter_hop(packet_)) || !add(neighbour_hop(packet_))) return;
    if (is_platform(packet_.question.to)) return add_platform();
    follow_azure();
  }

  void follow_azure() {
    const auto source = packet_.source();
    if (!source) {
      add(uncertain(packet_, Hop::nic, "source address", packet_.answers.source.error().what));
      return;
    }
    const Wire wire{.source = *source,
                    .destination = packet_.question.to,
                    .port = packet_.question.port,
                    .protocol = packet_.question.protocol};
    if (packet_.is_of_azures_overlay(*source)) {
      add(azures_overlay(*source));
      return;
    }
    // Azure knows no pod of an overlay: what leaves as it is has to be translated first.
    if (packet_.sender.at == End::At::pod && has_overlay(packet_.facts)) {
      add(translation_hop(packet_, wire));
      return;
    }
    if (!packet_.facts.cloud_state->azure) {
      add(azure_not_asked(packet_));
      if (!packet_.is_near()) {
        add(translation_hop(packet_, wire));
      } else if (add(peer_hop(packet_, wire, std::nullopt))) {
        add_answer();
      }
      return;
    }
    if (!add(nic_hop(packet_, *source)) || !add(outbound_groups_hop(packet_, wire)) ||
        !add(table_hop(packet_, wire)))
      return;
    const auto leads = azure_leads(packet_, wire);
    if (leads.to == Leads::To::internet) {
      add(translation_hop(packet_, wire));
      return;
    }
    if (leads.to == Leads::To::nowhere) return;
    if (!add(peer_hop(packet_, wire, leads.next_hop))) return;
    if (add(answer_table_hop(packet_, wire))) add_answer();
  }

  void add_answer() {
    if (add(answer_hop(packet_))) add(answer_filter_hop(packet_));
  }

  [[nodiscard]] TracedHop azures_overlay(const net::Address& pod) const {
    return uncertain(
        packet_, Hop::network, "Azure",
        fmt::format("Azure CNI's overlay carries {}, which no NIC has: Resource Manager shows nothing of it",
                    pod.text()));
  }

  /// What the VM's host answers itself: no security group, and no route table, decides over it.
  void add_platform() {
    const auto& to = packet_.question.to;
    if (packet_.sender.at == End::At::node) {
      add(carried(Hop::network, "Azure's host",
                  fmt::format("{} is Azure's own, on every VM's host", to.text())));
    } else {
      add(uncertain(
          packet_, Hop::network, "Azure's host",
          fmt::format("{} is Azure's own and answers the NIC's addresses: whether this node puts its own "
                      "in the place of {} is not looked at",
                      to.text(), packet_.source_text())));
    }
  }

  void add_senders_side() {
    add(TracedHop{
        .hop = Hop::none,
        .title = "sender's side",
        .verdict = Verdict::not_asked,
        .sentence = fmt::format("{} is not on this node: its side is seen there", packet_.source_text()),
        .next_step = ask_where(packet_, *packet_.question.from)});
  }

  [[nodiscard]] std::optional<net::Address> nic_address(net::Family family) const {
    return packet_.facts.nic.nic ? packet_.facts.nic.nic->azure.primary(family) : std::nullopt;
  }

  bool add_azure_in(const net::Address& own) {
    const auto* link = packet_.comes_by();
    if (link != nullptr && link->vxlan) return add_tunnel_in(*link);
    const Wire wire{.source = *packet_.question.from,
                    .destination = own,
                    .port = packet_.question.port,
                    .protocol = packet_.question.protocol};
    if (packet_.receiver.at == End::At::pod && packet_.is_of_azures_overlay(own)) {
      auto hop = azures_overlay(own);
      hop.verdict = Verdict::not_asked;  // nothing speaks against it
      return add(std::move(hop));
    }
    const bool by_table = packet_.facts.policy.mode == node::Mode::udr && packet_.receiver.at == End::At::pod;
    if (by_table && !add(table_here_hop(packet_, own))) return false;
    return add(inbound_groups_hop(packet_, wire)) && add(nic_hop(packet_, own));
  }

  bool add_tunnel_in(const net::Link& link) {
    const auto& way = packet_.answers.to_sender;
    const auto peer = way ? overlay_peer(packet_.facts, *way) : OverlayPeer{};
    const auto own = link.vxlan->local ? link.vxlan->local : nic_address(net::Family::ipv4);
    if (!peer.node || !own) {
      return add(uncertain(packet_, Hop::network, "security groups in",
                           fmt::format("which node has {} is not known here", packet_.source_text())));
    }
    const Wire wire{.source = *peer.node,
                    .destination = *own,
                    .port = link.vxlan->port,
                    .protocol = Protocol::udp,
                    .is_tunnel = true};
    return add(inbound_groups_hop(packet_, wire)) && add(nic_hop(packet_, *own));
  }

  /// The link by which it comes in.
  [[nodiscard]] std::optional<TracedHop> arrival() const {
    const auto* link = packet_.comes_by();
    if (link == nullptr) {
      return uncertain(packet_, has_overlay(packet_.facts) ? Hop::overlay : Hop::nic, "arrival",
                       "the link by which it comes is not known", {"overlay.device", "nic.found"});
    }
    if (link->up) return std::nullopt;
    return dropped(packet_, link->vxlan ? Hop::overlay : Hop::nic, "arrival",
                   fmt::format("{}, by which it comes, is down", link->name), {"overlay.device", "nic.up"});
  }

  void add_answer_out() {
    const auto* link = packet_.comes_by();
    if (link == nullptr || link->vxlan || packet_.facts.policy.mode != node::Mode::udr) return;
    const Wire back{.source = packet_.question.to, .destination = *packet_.question.from};
    auto hop = table_hop(packet_, back);
    hop.title = "answer's route table";
    if (hop.verdict == Verdict::dropped) hop.next_step = ask_where(packet_, *packet_.question.from);
    add(std::move(hop));
  }

  const Packet& packet_;
  std::vector<TracedHop> hops_;
  bool may_be_service_ = false;
};

/// Links, routes and rules have names that others gave them.
void make_printable(std::vector<TracedHop>& hops) {
  constexpr std::size_t kLongest = 1000;
  for (auto& hop : hops) hop.sentence = net::foreign_text(hop.sentence, kLongest);
}

Trace conclude(const Packet& packet, std::vector<TracedHop> hops) {
  make_printable(hops);
  const bool is_half = packet.sender.at == End::At::elsewhere;
  Trace trace{.outcome = Trace::Outcome::arrives,
              .hops = std::move(hops),
              .summary = is_half ? "arrives, if the sender's node lets it go" : "arrives"};
  const TracedHop* first = nullptr;
  for (const auto& hop : trace.hops) {
    if (hop.verdict == Verdict::dropped) {
      trace.outcome = Trace::Outcome::dropped;
      trace.summary = "dropped at " + hop.title;
      return trace;
    }
    if (hop.verdict == Verdict::uncertain && first == nullptr) first = &hop;
  }
  if (first != nullptr) {
    trace.outcome = Trace::Outcome::uncertain;
    trace.summary = fmt::format("uncertain from {} on; nothing that is seen here drops it", first->title);
  }
  return trace;
}

/// Which node has the sender, as far as anything here leads there.
TracedHop elsewhere_hop(const Packet& packet) {
  const auto from = packet.source_text();
  TracedHop hop{.hop = Hop::none, .title = "sender", .verdict = Verdict::not_asked, .sentence = ""};
  if (checks::is_of_this_node(packet.facts, *packet.question.from)) {
    hop.sentence = fmt::format("no pod here has {}, though it is of this node's pod CIDR {}", from,
                               net::joined(packet.facts.policy.node_cidrs));
    return hop;
  }
  const auto& cloud = *packet.facts.cloud_state;
  std::optional<net::Address> node;
  std::string by;
  if (has_overlay(packet.facts) && packet.answers.to_sender) {
    node = overlay_peer(packet.facts, *packet.answers.to_sender).node;
    by = "the overlay leads";
  } else if (packet.facts.policy.mode == node::Mode::udr && cloud.azure && cloud.azure->route_table) {
    const auto* table = *cloud.azure->route_table ? &**cloud.azure->route_table : nullptr;
    const auto choice = node::azure_choice(table, nullptr, *packet.question.from);
    node = choice.next_hop;
    by = fmt::format("route {} of Azure's route table leads", choice.route);
  }
  hop.sentence = fmt::format("neither {} nor {} is on this node", from, packet.question.to.text());
  if (node) hop.sentence += fmt::format("; {} {} to {}", by, from, node->text());
  hop.next_step = node ? ask_on_node(packet, *node) : ask_where(packet, *packet.question.from);
  return hop;
}

}  // namespace

Trace trace_packet(const checks::Facts& facts, std::span<const checks::CheckResult> checks,
                   const Question& question, const KernelAnswers& answers) {
  const Packet packet{.facts = facts,
                      .checks = checks,
                      .question = question,
                      .answers = answers,
                      .sender = sender_of(facts, question, answers),
                      .receiver = receiver_of(facts, question, answers)};
  if (packet.sender.at == End::At::elsewhere && packet.receiver.at == End::At::elsewhere) {
    std::vector<TracedHop> hops = {elsewhere_hop(packet)};
    make_printable(hops);
    return {
        .outcome = Trace::Outcome::not_here, .hops = std::move(hops), .summary = "not seen from this node"};
  }
  Path path(packet);
  if (packet.sender.at == End::At::elsewhere) {
    path.follow_in();
  } else {
    path.follow_out();
  }
  return conclude(packet, std::move(path).hops());
}

}  // namespace trace
