#include "checks/forward_verdict.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "checks/overlay.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

using Names = std::vector<std::string>;
using Prefixes = std::vector<net::Prefix>;

/// iptables' "cali+" is every name that begins so.
bool names_link(std::string_view pattern, std::string_view link) {
  return pattern.ends_with('+') ? link.starts_with(pattern.substr(0, pattern.size() - 1)) : link == pattern;
}

/// One end of a packet's way through this node: the links and addresses that rules may name.
struct End {
  Names likely_links = {};  ///< names that its link may have; empty: any
  Names links = {};         ///< those that are there
  Prefixes addresses = {};  ///< of all that it may have; empty: not known
  Prefixes others = {};     ///< what of it is of the other end

  /// Nothing is known of the link that the rule names.
  [[nodiscard]] bool lacks(std::string_view pattern) const {
    return !pattern.empty() && likely_links.empty();
  }
  /// `other_than`: the rule is about any link but those.
  [[nodiscard]] bool may_use(std::string_view pattern, bool other_than) const {
    return pattern.empty() || likely_links.empty() ||
           std::any_of(likely_links.begin(), likely_links.end(),
                       [&](const auto& each) { return names_link(pattern, each) != other_than; });
  }
  [[nodiscard]] bool uses(std::string_view pattern, bool other_than) const {
    return pattern.empty() ||
           (!links.empty() && std::all_of(links.begin(), links.end(), [&](const auto& each) {
             return names_link(pattern, each) != other_than;
           }));
  }
  [[nodiscard]] bool may_have(const std::optional<net::Prefix>& prefix, bool other_than) const {
    if (!prefix) return true;
    if (other_than) return addresses.empty() || !lie_in(*prefix);
    if (net::any_contains(others, *prefix)) return false;
    return addresses.empty() || overlap(*prefix);
  }
  [[nodiscard]] bool has(const std::optional<net::Prefix>& prefix, bool other_than) const {
    return !prefix || (!addresses.empty() && (other_than ? !overlap(*prefix) : lie_in(*prefix)));
  }
  [[nodiscard]] bool overlap(const net::Prefix& prefix) const {
    return std::any_of(addresses.begin(), addresses.end(),
                       [&prefix](const auto& each) { return each.overlaps(prefix); });
  }
  [[nodiscard]] bool lie_in(const net::Prefix& prefix) const {
    return std::all_of(addresses.begin(), addresses.end(),
                       [&prefix](const auto& each) { return prefix.contains(each); });
  }
};

void add(Prefixes& to, const net::Prefix& prefix, net::Family family) {
  if (prefix.family() == family) to.push_back(prefix);
}

/// Where pods of this node are.
End own_end(const Facts& facts, net::Family family) {
  // The names that Calico's, Azure's and the reference plug-ins give links of pods, whether or not one is
  // there.
  End end{.likely_links = {"cali0a1b2c3d4e5", "azv0a1b2c3d4e5", "cbr0", "cni0"}};
  if (const auto network = seen_network(facts)) {
    auto bridge = bridge_of(*network->main);
    if (link_named(facts, bridge) != nullptr) end.links.push_back(bridge);
    if (!bridge.empty()) end.likely_links.push_back(std::move(bridge));
  }
  for (const auto& link : *facts.links) {
    const bool is_nic = facts.nic.nic && link.index == facts.nic.nic->link.index;
    if (link.kind == "veth" && !is_nic) end.likely_links.push_back(link.name);
  }
  // Calico's own addresses lie outside the node's CIDR.
  if (facts.policy.mode != node::Mode::calico_vxlan) {
    for (const auto& cidr : facts.policy.node_cidrs) add(end.addresses, cidr, family);
  }
  if (const auto plane = seen_data_plane(facts)) {
    for (const auto& pod : routed_pods(facts, **plane)) {
      end.links.push_back(pod.link->name);
      add(end.addresses, net::Prefix::host(pod.address), family);
    }
  }
  return end;
}

/// Where pods of other nodes are: behind the overlay or the NIC.
End other_end(const Facts& facts, const Prefixes& own, net::Family family) {
  End end{.others = own};
  for (const auto& cidr : facts.policy.cluster_cidrs) {
    if (!net::any_contains(own, cidr)) add(end.addresses, cidr, family);
  }
  const auto mode = facts.policy.mode;
  if (mode == node::Mode::flannel || mode == node::Mode::calico_vxlan) {
    for (const auto* link : overlay_links(facts)) end.links.push_back(link->name);
  } else if (facts.nic.nic) {
    const auto& nic = facts.nic.nic->link;
    const auto is_master = [&nic](const net::Link& link) {
      return nic.master != 0 && link.index == nic.master;
    };
    const auto master = std::find_if(facts.links->begin(), facts.links->end(), is_master);
    end.links.push_back(master == facts.links->end() ? nic.name : master->name);
  }
  if (!end.links.empty() && link_named(facts, "wireguard.cali") != nullptr)
    end.links.emplace_back("wireguard.cali");
  end.likely_links = end.links;
  return end;
}

/// A packet's way through this node.
struct Way {
  const End& from;
  const End& to;
  net::Family family;
  std::string_view protocol;

  [[nodiscard]] bool is_about(const observed::FilterRule& rule) const {
    return rule.family.value_or(family) == family && (rule.protocol.empty() || rule.protocol == protocol);
  }
  /// Some of its packets may meet the rule, as far as links, addresses and protocols decide.
  [[nodiscard]] bool may_meet(const observed::FilterRule& rule) const {
    return is_about(rule) && from.may_use(rule.in, rule.not_in) && to.may_use(rule.out, rule.not_out) &&
           from.may_have(rule.source, rule.not_source) && to.may_have(rule.destination, rule.not_destination);
  }
  /// The rule names a link, and none is known by which they come or go.
  [[nodiscard]] bool lacks_link_of(const observed::FilterRule& rule) const {
    return from.lacks(rule.in) || to.lacks(rule.out);
  }
  /// All of them would, if they came and went by the links that it names.
  [[nodiscard]] bool meets_but_for_links(const observed::FilterRule& rule) const {
    return lacks_link_of(rule) && !rule.is_narrow && is_about(rule) &&
           (from.lacks(rule.in) || from.uses(rule.in, rule.not_in)) &&
           (to.lacks(rule.out) || to.uses(rule.out, rule.not_out)) &&
           from.has(rule.source, rule.not_source) && to.has(rule.destination, rule.not_destination);
  }
  /// All of them do.
  [[nodiscard]] bool meets(const observed::FilterRule& rule) const {
    return !rule.is_narrow && is_about(rule) && from.uses(rule.in, rule.not_in) &&
           to.uses(rule.out, rule.not_out) && from.has(rule.source, rule.not_source) &&
           to.has(rule.destination, rule.not_destination);
  }
};

/// The chains at a hook.
struct Hook {
  std::string_view table;
  std::string_view chain;
  std::string_view policy;
  const std::vector<observed::FilterChain>& chains;
  bool is_cut = false;
};

class Walk {
 public:
  Walk(const Hook& hook, const Way& way) : hook_(hook), way_(way) {}

  ForwardVerdict verdict() {
    auto verdict = ForwardVerdict{};
    const auto* first = chain_named(hook_.chain);
    const auto end = first == nullptr ? Outcome::goes_on : follow(*first, true, verdict);
    if (end != Outcome::goes_on)
      return verdict.kind == ForwardVerdict::passes ? without_links_.value_or(verdict) : verdict;
    const bool is_cut = hook_.is_cut || steps_ > kMostSteps;
    if (hook_.policy != "DROP" && !is_cut) return without_links_.value_or(ForwardVerdict{});
    const bool undecided = may_have_been_accepted_ || is_cut;
    return {.kind = undecided ? ForwardVerdict::undecided : ForwardVerdict::drops,
            .chain = hook_.chain,
            .table = hook_.table};
  }

 private:
  enum class Outcome : std::uint8_t { decided, returns, goes_on };

  // The kernel allows no loop of chains, but what is read may be older than a change of them.
  static constexpr int kDeepest = 16;
  // Chains may jump to each other so often that following them all takes too long.
  static constexpr int kMostSteps = 100'000;

  [[nodiscard]] const observed::FilterChain* chain_named(std::string_view name) const {
    const auto found = std::find_if(hook_.chains.begin(), hook_.chains.end(),
                                    [name](const auto& chain) { return chain.name == name; });
    return found == hook_.chains.end() ? nullptr : &*found;
  }

  /// A rule by a link accepts what comes by it, and nothing is known of that where no link is. Felix marks
  /// what its policies allow and accepts it behind them. kube-proxy marks what it masquerades. Of others'
  /// marks nothing is known.
  bool accepts(const observed::FilterRule& rule, std::string_view chain) {
    if (way_.lacks_link_of(rule)) {
      may_have_been_accepted_ = true;
      return false;
    }
    if (!rule.by_mark || rule.by_felix) return true;
    may_have_been_accepted_ = may_have_been_accepted_ || chain != "KUBE-FORWARD";
    return false;
  }

  /// `by_all`: every packet gets here that nothing before has accepted.
  Outcome follow(const observed::FilterChain& chain, bool by_all, ForwardVerdict& verdict) {
    if (depth_ == kDeepest) return Outcome::goes_on;
    ++depth_;
    auto outcome = Outcome::goes_on;
    for (const auto& rule : chain.rules) {
      if (++steps_ > kMostSteps || !way_.may_meet(rule)) continue;
      if (rule.is_narrow) {
        may_have_been_accepted_ = may_have_been_accepted_ || (rule.is_opaque && may_accept(rule));
        continue;
      }
      outcome = step(rule, chain, by_all, verdict);
      if (outcome != Outcome::goes_on) break;
    }
    --depth_;
    return outcome == Outcome::returns ? Outcome::goes_on : outcome;
  }

  /// What meets it, by itself or by the chain that it leads to.
  bool may_accept(const observed::FilterRule& rule) {
    if (rule.target == "ACCEPT") return true;
    const auto* next = chain_named(rule.target);
    ForwardVerdict there{.kind = ForwardVerdict::undecided};
    return next != nullptr && follow(*next, false, there) == Outcome::decided &&
           there.kind == ForwardVerdict::passes;
  }

  Outcome step(const observed::FilterRule& rule, const observed::FilterChain& chain, bool by_all,
               ForwardVerdict& verdict) {
    if (rule.target == "ACCEPT") {
      if (!accepts(rule, chain.name)) return Outcome::goes_on;
      verdict = {.kind = ForwardVerdict::passes};
      return Outcome::decided;
    }
    if (rule.by_mark) return Outcome::goes_on;
    if (rule.target == "DROP" || rule.target == "REJECT") {
      // One about some links or addresses drops theirs alone, and nothing of them comes further.
      if (!way_.meets(rule)) {
        if (by_all && !without_links_ && way_.meets_but_for_links(rule)) {
          without_links_ = {.kind = ForwardVerdict::undecided,
                            .rule = &rule,
                            .chain = chain.name,
                            .table = hook_.table,
                            .lacks_link = true};
        }
        return Outcome::goes_on;
      }
      if (!by_all) return Outcome::returns;
      verdict = {.kind = may_have_been_accepted_ ? ForwardVerdict::undecided : ForwardVerdict::drops,
                 .rule = &rule,
                 .chain = chain.name,
                 .table = hook_.table};
      return Outcome::decided;
    }
    if (rule.target == "RETURN") return Outcome::returns;
    const auto* next = chain_named(rule.target);
    if (next == nullptr) return Outcome::goes_on;  // a mark, a log, one of Felix's chains of single links
    const auto outcome = follow(*next, by_all && way_.meets(rule), verdict);
    return outcome == Outcome::goes_on && rule.is_goto ? Outcome::returns : outcome;
  }

  const Hook& hook_;
  const Way& way_;
  bool may_have_been_accepted_ = false;  ///< by marks of others, or conditions of which nothing is known
  std::optional<ForwardVerdict> without_links_ = {};  ///< by the first rule that drops by a link not known
  int depth_ = 0;
  int steps_ = 0;
};

Hook hook_of(const observed::FilterHook& hook) {
  return {hook.table, hook.chain, hook.policy, hook.chains, hook.is_cut};
}

/// The worst that becomes of a family's packets of either direction.
ForwardVerdict worst_at(const Facts& facts, const std::vector<Hook>& hooks, net::Family family) {
  const auto own = own_end(facts, family);
  const auto other = other_end(facts, own.addresses, family);
  const std::array ways = {Way{own, other, family, "tcp"}, Way{other, own, family, "tcp"},
                           Way{own, other, family, "udp"}, Way{other, own, family, "udp"}};
  ForwardVerdict worst;
  for (const auto& hook : hooks) {
    for (const auto& way : ways) {
      auto verdict = Walk(hook, way).verdict();
      verdict.is_sent = &way.from == &own;
      verdict.family = family;
      if (verdict.kind == ForwardVerdict::drops) return verdict;
      if (verdict.kind == ForwardVerdict::undecided && worst.kind == ForwardVerdict::passes) worst = verdict;
    }
  }
  return worst;
}

}  // namespace

namespace {

End end_of_packet(std::string_view link, const net::Address& address) {
  return {.likely_links = {std::string(link)},
          .links = {std::string(link)},
          .addresses = {net::Prefix::host(address)}};
}

ForwardVerdict worst_of_packet(const ForwardedPacket& packet, const std::vector<Hook>& hooks) {
  const auto from = end_of_packet(packet.in, packet.source);
  const auto to = end_of_packet(packet.out, packet.destination);
  const Way way{from, to, packet.source.family(), packet.protocol};
  ForwardVerdict worst;
  for (const auto& hook : hooks) {
    auto verdict = Walk(hook, way).verdict();
    verdict.family = way.family;
    if (verdict.kind == ForwardVerdict::drops) return verdict;
    if (worst.kind == ForwardVerdict::passes) worst = verdict;
  }
  return worst;
}

std::vector<Hook> hooks_of(const observed::PacketFilter& filter) {
  std::vector<Hook> hooks = {{"filter", "FORWARD", filter.forward_policy, filter.forward, filter.is_cut}};
  for (const auto& hook : filter.other_hooks) hooks.push_back(hook_of(hook));
  return hooks;
}

}  // namespace

std::vector<net::Family> families_of_pods(const Facts& facts) {
  std::vector<net::Family> families;
  for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
    if (facts.policy.uses(family)) families.push_back(family);
  }
  if (families.empty()) families.push_back(net::Family::ipv4);
  return families;
}

ForwardVerdict forward_verdict(const Facts& facts, const observed::PacketFilter& filter) {
  return worst_at(facts, hooks_of(filter), filter.family);
}

ForwardVerdict forward_verdict(const Facts& facts, const observed::FilterHook& hook) {
  ForwardVerdict worst;
  for (const auto family : families_of_pods(facts)) {
    if (hook.family.value_or(family) != family) continue;
    const auto verdict = worst_at(facts, {hook_of(hook)}, family);
    if (verdict.kind == ForwardVerdict::drops) return verdict;
    if (worst.kind == ForwardVerdict::passes) worst = verdict;
  }
  return worst;
}

ForwardVerdict forward_verdict(const ForwardedPacket& packet, const observed::PacketFilter& filter) {
  return filter.family == packet.source.family() ? worst_of_packet(packet, hooks_of(filter))
                                                 : ForwardVerdict{};
}

ForwardVerdict forward_verdict(const ForwardedPacket& packet, const observed::FilterHook& hook) {
  const auto family = packet.source.family();
  return hook.family.value_or(family) == family ? worst_of_packet(packet, {hook_of(hook)}) : ForwardVerdict{};
}

}  // namespace checks
