#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "checks/check_row.h"
#include "checks/forward_verdict.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

Seen<const std::vector<observed::PacketFilter>*> seen_filters(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return tl::unexpected<Finding>(host.error());
  const auto& filters = (*host)->packet_filters;
  if (!filters) return tl::unexpected<Finding>(Finding::unknown(filters.error().what));
  if (filters->empty()) return tl::unexpected<Finding>(Finding::skip("iptables is not installed"));
  return &*filters;
}

/// The backend that could not be looked at; nullptr: all were.
const observed::PacketFilter* unseen(const std::vector<observed::PacketFilter>& filters) {
  const auto found =
      std::find_if(filters.begin(), filters.end(), [](const auto& each) { return !each.problem.empty(); });
  return found == filters.end() ? nullptr : &*found;
}

std::string problem_text(const observed::PacketFilter& filter) {
  return fmt::format("iptables' {} backend could not be read: {}", filter.backend, filter.problem);
}

std::string_view done_by_pods(const ForwardVerdict& verdict) { return verdict.is_sent ? "send" : "get"; }

Finding dropped_by_policy(const observed::PacketFilter& filter, const ForwardVerdict& verdict) {
  if (verdict.table != "filter") {
    return Finding::fail(
        fmt::format("{}'s policy is DROP in table {} of iptables' {} backend, and no rule accepts what pods "
                    "{} before",
                    sanitized(verdict.chain), sanitized(verdict.table), sanitized(filter.backend),
                    done_by_pods(verdict)),
        "new connections from and to pods are dropped",
        remedy::command("iptables-{} -t {} -P {} ACCEPT", filter.backend, verdict.table, verdict.chain));
  }
  const bool has_kube_proxy = std::any_of(filter.forward.begin(), filter.forward.end(),
                                          [](const auto& chain) { return chain.name == "KUBE-FORWARD"; });
  return Finding::fail(
      fmt::format(
          "FORWARD's policy is DROP in iptables' {} backend, and no rule accepts what pods {} before{}",
          sanitized(filter.backend), done_by_pods(verdict),
          has_kube_proxy ? ": KUBE-FORWARD accepts marked packets and answers alone" : ""),
      "new connections from and to pods are dropped; docker sets this policy",
      remedy::command("iptables-{} -P FORWARD ACCEPT", filter.backend)
          .note("docker sets DROP again when it starts, unless /etc/docker/daemon.json says "
                "ip-forward-no-drop: true"));
}

bool is_about_some(const observed::FilterRule& rule) {
  return !rule.in.empty() || !rule.out.empty() || rule.source || rule.destination || !rule.protocol.empty();
}

/// "", or " by tcp": what of it the rule is about.
std::string by_protocol(const observed::FilterRule& rule) {
  return rule.protocol.empty() ? "" : fmt::format(" by {}", rule.protocol);
}

Finding dropped_by_rule(const observed::PacketFilter& filter, const ForwardVerdict& verdict) {
  const auto what = is_about_some(*verdict.rule)
                        ? fmt::format("what pods {}{}", done_by_pods(verdict), by_protocol(*verdict.rule))
                        : std::string("whatever no rule accepts before it");
  return Finding::fail(
      fmt::format("chain {} in {}iptables' {} backend has a rule that {}s {}", sanitized(verdict.chain),
                  verdict.table == "filter" ? "" : fmt::format("table {} of ", sanitized(verdict.table)),
                  sanitized(filter.backend), verdict.rule->target == "DROP" ? "drop" : "reject", what),
      "new connections from and to pods meet it",
      remedy::edit("have the owner of the rule (iptables-{}-save) accept the pod CIDRs before it, as source "
                   "and as destination, but behind cali-FORWARD, or stop firewalld or iptables-services "
                   "where it is theirs: Calico asks for none beside it",
                   filter.backend));
}

/// `table` of nftables is family and name: "inet filter".
remedy::Remedy show_table(const observed::FilterHook& hook) {
  const auto space = hook.table.find(' ');
  if (space == std::string::npos) return remedy::command("nft list table {}", hook.table);
  return remedy::command("nft list table {} {}", hook.table.substr(0, space), hook.table.substr(space + 1));
}

/// Never certain: sets, maps and limits of nftables are not followed, and may accept before.
Finding may_be_dropped(const observed::FilterHook& hook, const ForwardVerdict& verdict) {
  if (verdict.rule == nullptr && hook.policy != "DROP") {
    return Finding::unknown(fmt::format(
        "nftables' chain {} of table {} has more rules than are followed, and whether it drops what "
        "pods {} cannot be told: see {}",
        sanitized(hook.chain), sanitized(hook.table), done_by_pods(verdict), show_table(hook).text()));
  }
  const auto* what = verdict.rule == nullptr          ? "has the policy drop"
                     : verdict.rule->target == "DROP" ? "has a rule that drops"
                                                      : "has a rule that rejects";
  return Finding::unknown(
      fmt::format("nftables' chain {} of table {} {}, and whether it accepts before what pods {} cannot be "
                  "told: see {}, and have its owner accept the pod CIDRs, as source and as destination, or "
                  "stop firewalld or nftables.service where it is theirs",
                  sanitized(verdict.rule == nullptr ? hook.chain : verdict.chain), sanitized(hook.table),
                  what, done_by_pods(verdict), show_table(hook).text()));
}

/// Whether there is no rule that could accept before the policy drops.
bool has_no_rule(const observed::FilterHook& hook) {
  return std::all_of(hook.chains.begin(), hook.chains.end(), [&hook](const observed::FilterChain& chain) {
    return chain.name != hook.chain || chain.rules.empty();
  });
}

Finding dropped_by_empty_chain(const observed::FilterHook& hook) {
  return Finding::fail(
      fmt::format("nftables' chain {} of table {} has the policy drop and no rule that accepts",
                  sanitized(hook.chain), sanitized(hook.table)),
      "all that is forwarded is dropped, from and to pods",
      show_table(hook).note(
          "whose table it is: have its owner accept the pod CIDRs, as source and as destination, "
          "or stop firewalld or nftables.service where it is theirs"));
}

/// nullopt: nothing of nftables' own can drop what pods send or get.
std::optional<Finding> of_nftables(const Facts& facts,
                                   const net::Result<std::vector<observed::FilterHook>>& hooks) {
  if (!hooks && hooks.error().code.value() == ENOENT) return std::nullopt;
  if (!hooks) return Finding::unknown("nftables' own rules could not be read: " + hooks.error().what);
  std::optional<Finding> doubtful;
  for (const auto& hook : *hooks) {
    const auto verdict = forward_verdict(facts, hook);
    if (verdict.kind == ForwardVerdict::passes) continue;
    if (hook.policy == "DROP" && has_no_rule(hook)) return dropped_by_empty_chain(hook);
    if (!doubtful) doubtful = may_be_dropped(hook, verdict);
  }
  return doubtful;
}

Finding undecided_by(const observed::PacketFilter& filter) {
  if (filter.forward_policy == "DROP") {
    return Finding::unknown(
        fmt::format("FORWARD's policy is DROP in iptables' {} backend, and whether its rules accept pods' "
                    "packets before is not known",
                    sanitized(filter.backend)));
  }
  return Finding::unknown(
      fmt::format("whether iptables' {} backend drops what pods send or get is not known: it has more rules "
                  "than are followed, or some that accept by conditions that are not",
                  sanitized(filter.backend)));
}

Finding nothing_drops_all(const Facts& facts) {
  return Finding::pass(fmt::format(
      "no rule drops all that pods send or get{}; what rules by port, state, mark, set or rate do is not "
      "followed",
      facts.policy.uses(net::Family::ipv6) ? " by IPv4 (IPv6's rules are not looked at)" : ""));
}

/// nft shows iptables' tables too where no save program does.
Finding without_iptables(const Facts& facts,
                         const net::Result<std::vector<observed::FilterHook>>& nft_chains) {
  if (nft_chains) return nothing_drops_all(facts);
  return Finding::unknown("neither iptables nor nft is installed, which would show rules that drop packets");
}

Finding netfilter_forward(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto nftables = of_nftables(facts, (*host)->nft_chains);
  if (nftables && nftables->status == CheckStatus::fail) return *nftables;
  const auto filters = seen_filters(facts);
  if (!filters && filters.error().status != CheckStatus::skip) return filters.error();
  if (!filters) return nftables ? *nftables : without_iptables(facts, (*host)->nft_chains);
  const observed::PacketFilter* undecided = nullptr;
  for (const auto& filter : **filters) {
    if (!filter.problem.empty()) continue;
    const auto verdict = forward_verdict(facts, filter);
    if (verdict.kind == ForwardVerdict::drops) {
      return verdict.rule == nullptr ? dropped_by_policy(filter, verdict) : dropped_by_rule(filter, verdict);
    }
    if (verdict.kind == ForwardVerdict::undecided) undecided = &filter;
  }
  if (undecided != nullptr) return undecided_by(*undecided);
  if (const auto* filter = unseen(**filters)) return Finding::unknown(problem_text(*filter));
  if (nftables) return *nftables;
  return nothing_drops_all(facts);
}

Finding netfilter_backends(const Facts& facts) {
  const auto filters = seen_filters(facts);
  if (!filters) return filters.error();
  std::vector<const observed::PacketFilter*> used;
  for (const auto& filter : **filters) {
    if (filter.rules > 0) used.push_back(&filter);
  }
  std::sort(used.begin(), used.end(),
            [](const auto* one, const auto* other) { return one->rules > other->rules; });
  if (used.size() < 2) {
    if (const auto* filter = unseen(**filters)) return Finding::unknown(problem_text(*filter));
    if (used.empty()) return Finding::pass("no backend of iptables holds a rule");
    return Finding::pass(fmt::format("all {} rules that forwarded packets meet are in {}",
                                     used.front()->rules, sanitized(used.front()->backend)));
  }
  const auto& most = *used.front();
  const auto& fewest = *used.back();
  return Finding::fail(
      fmt::format("forwarded packets meet {} rules in iptables' {} backend and {} in {}: they must pass both",
                  most.rules, sanitized(most.backend), fewest.rules, sanitized(fewest.backend)),

      remedy::command("iptables-{}-save", fewest.backend)
          .note("whose rules they are: let all use one (update-alternatives --config iptables, "
                "FELIX_IPTABLESBACKEND), then drain this node and reboot it"));
}

Finding conntrack_room(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& conntrack = (*host)->conntrack;
  if (!conntrack) {
    const auto& error = conntrack.error();
    if (error.code.value() == ENOENT)
      return Finding::skip("this kernel tracks no connections: " + error.what);
    return Finding::unknown(error.what);
  }
  const auto [entries, room] = *conntrack;
  // nf_conntrack_max = 0: no limit.
  const auto said = fmt::format("{} of {} connections are tracked", entries, room);
  if (room == 0 || entries <= room - room / 10) return Finding::pass(said);
  return Finding::fail(
      said, remedy::command("sysctl -w net.netfilter.nf_conntrack_max={0} && echo "
                            "net.netfilter.nf_conntrack_max={0} >> /etc/sysctl.d/99-calico-azure.conf",
                            room * 2)
                .note("kube-proxy sets its own when it starts: conntrack.maxPerCore"));
}

}  // namespace

std::vector<Check> rows_of_packet_filter() {
  return {
      {.order = 470, .id = "netfilter.forward", .look = netfilter_forward},
      {.order = 480,
       .id = "netfilter.backends",
       .why = "what writes to one does not see what the other drops; Calico 3.0 writes to legacy alone",
       .look = netfilter_backends},
      {.order = 490,
       .id = "conntrack.room",
       .why = "when the table is full, the first packet of every new connection is dropped",
       .look = conntrack_room},
  };
}

}  // namespace checks
