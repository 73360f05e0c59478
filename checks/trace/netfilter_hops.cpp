#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "checks/forward_verdict.h"
#include "checks/pod_network.h"
#include "checks/trace/packet.h"

namespace trace {
namespace {

using checks::Hop;

std::string filter_of(const observed::PacketFilter& filter) {
  return fmt::format("{}-{}", filter.family == net::Family::ipv6 ? "ip6tables" : "iptables", filter.backend);
}

std::string decided_by(const checks::ForwardVerdict& verdict) {
  if (verdict.rule == nullptr)
    return fmt::format("chain {} of table {} has the policy DROP, and no rule accepts this packet before",
                       verdict.chain, verdict.table);
  return fmt::format("a rule of chain {} in table {} drops this packet ({})", verdict.chain, verdict.table,
                     verdict.rule->target);
}

/// What one program's rules do with the packet, of each protocol that is asked about.
struct Filtered {
  checks::ForwardVerdict::Kind kind = checks::ForwardVerdict::passes;
  std::string sentence;
  std::string next_step;
};

struct Filters {
  const Packet& packet;
  checks::ForwardedPacket forwarded;
  std::vector<std::string_view> protocols;
  std::optional<Filtered> worst = {};

  template <class Rules>
  void ask(const Rules& rules, std::string_view program, const std::string& next_step) {
    std::size_t drops = 0;
    std::optional<Filtered> found;
    for (const auto protocol : protocols) {
      forwarded.protocol = protocol;
      const auto verdict = checks::forward_verdict(forwarded, rules);
      if (verdict.kind == checks::ForwardVerdict::passes) continue;
      drops += verdict.kind == checks::ForwardVerdict::drops ? 1 : 0;
      found = Filtered{.kind = verdict.kind,
                       .sentence = fmt::format("{}: {}", program, decided_by(verdict)),
                       .next_step = next_step};
      if (verdict.kind == checks::ForwardVerdict::undecided)
        found->sentence += ", unless an earlier one accepts it by what is not followed";
    }
    if (!found) return;
    if (drops < protocols.size()) {
      found->kind = checks::ForwardVerdict::undecided;
      if (drops > 0) found->sentence += "; not of every protocol: name the port";
    } else {
      found->kind = checks::ForwardVerdict::drops;
    }
    const bool is_worse = !worst || (worst->kind != checks::ForwardVerdict::drops &&
                                     found->kind == checks::ForwardVerdict::drops);
    if (is_worse) worst = std::move(found);
  }
};

std::vector<std::string_view> protocols_of(const Question& question) {
  if (question.protocol == Protocol::tcp) return {"tcp"};
  if (question.protocol == Protocol::udp) return {"udp"};
  return {"tcp", "udp"};
}

/// What netfilter does with a forwarded packet; nullopt: nothing that is seen drops it. Error: it is not
/// seen.
net::Result<std::optional<Filtered>> filtered(const Packet& packet, const net::Link& in, const net::Link& out,
                                              const net::Address& source, const net::Address& destination) {
  const auto host = checks::seen_host(packet.facts);
  if (!host) return net::failure(ENODATA, host.error().message);
  Filters filters{.packet = packet,
                  .forwarded = {.in = in.name, .out = out.name, .source = source, .destination = destination},
                  .protocols = protocols_of(packet.question)};
  std::string unseen;
  bool seen_any = false;
  const auto& tables = (*host)->packet_filters;
  if (!tables) unseen = tables.error().what;
  if (tables) {
    for (const auto& filter : *tables) {
      if (filter.family != packet.family()) continue;
      if (!filter.problem.empty()) {
        unseen = filter.problem;
        continue;
      }
      seen_any = true;
      filters.ask(filter, filter_of(filter), filter_of(filter) + "-save");
    }
  }
  const auto& chains = (*host)->nft_chains;
  if (chains) {
    for (const auto& hook : *chains) filters.ask(hook, "nftables", "nft list ruleset");
  } else if (chains.error().code.value() != ENOENT) {
    unseen = chains.error().what;
  } else if (unseen.empty() && !seen_any) {
    unseen = "neither iptables nor nft is installed, which would show rules";
  }
  if (!filters.worst && !unseen.empty()) return net::failure(ENODATA, unseen);
  return filters.worst;
}

}  // namespace

TracedHop filter_hop(const Packet& packet) {
  const auto* in = packet.comes_by();
  const auto* out = packet.leaves_by();
  const auto title = "netfilter";
  const auto source = packet.source();
  if (in == nullptr || packet.receiver.at == End::At::node || !source) {
    const auto* chains = packet.receiver.at == End::At::node ? "INPUT" : "OUTPUT";
    return {
        .hop = Hop::nic,
        .title = title,
        .verdict = Verdict::not_asked,
        .sentence = fmt::format("rules about packets of this node itself ({}) are not looked at", chains)};
  }
  if (out == nullptr) return uncertain(packet, Hop::nic, title, "the link that it leaves by is not known");
  const auto seen = filtered(packet, *in, *out, *source, packet.question.to);
  if (!seen) return uncertain(packet, Hop::nic, title, seen.error().what, {"netfilter.forward"});
  if (!*seen) {
    return carried(
        Hop::nic, title,
        fmt::format("no rule drops what goes from {} to {}; rules by port, state, mark, set or rate are "
                    "not followed",
                    in->name, out->name));
  }
  const auto& worst = **seen;
  auto hop = worst.kind == checks::ForwardVerdict::drops
                 ? dropped(packet, Hop::nic, title, worst.sentence, {"netfilter.forward"})
                 : uncertain(packet, Hop::nic, title, worst.sentence, {"netfilter.forward"});
  hop.next_step = worst.next_step;
  return hop;
}

std::optional<TracedHop> answer_filter_hop(const Packet& packet) {
  const auto* out = packet.leaves_by();
  const auto* back_to = packet.comes_by();
  const auto source = packet.source();
  if (out == nullptr || back_to == nullptr || !source || packet.receiver.at == End::At::node)
    return std::nullopt;
  const auto seen = filtered(packet, *out, *back_to, packet.question.to, *source);
  if (!seen || !*seen) return std::nullopt;
  auto hop = uncertain(packet, Hop::nic, "answer",
                       (*seen)->sentence + ", unless one accepts what belongs to connections already",
                       {"netfilter.forward"});
  hop.next_step = (*seen)->next_step;
  return hop;
}

}  // namespace trace
