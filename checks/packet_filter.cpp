#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "checks/check_row.h"
#include "checks/forward_verdict.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

std::string_view program(net::Family family) {
  return family == net::Family::ipv6 ? "ip6tables" : "iptables";
}

/// "iptables' nft backend"
std::string backend_text(const observed::PacketFilter& filter) {
  return fmt::format("{}' {} backend", program(filter.family), sanitized(filter.backend));
}

/// "iptables-nft"
std::string command_of(const observed::PacketFilter& filter) {
  return fmt::format("{}-{}", program(filter.family), filter.backend);
}

std::string problem_text(const observed::PacketFilter& filter) {
  return fmt::format("{} could not be read: {}", backend_text(filter), filter.problem);
}

/// "send", "get over IPv6"
std::string done_by_pods(const ForwardVerdict& verdict) {
  return fmt::format("{}{}", verdict.is_sent ? "send" : "get",
                     verdict.family == net::Family::ipv6 ? " over IPv6" : "");
}

Finding dropped_by_policy(const observed::PacketFilter& filter, const ForwardVerdict& verdict) {
  if (verdict.table != "filter") {
    return Finding::fail(
        fmt::format("{}'s policy is DROP in table {} of {}, and no rule accepts what pods {} before",
                    sanitized(verdict.chain), sanitized(verdict.table), backend_text(filter),
                    done_by_pods(verdict)),
        "new connections from and to pods are dropped",
        remedy::command("{} -t {} -P {} ACCEPT", command_of(filter), verdict.table, verdict.chain));
  }
  const bool has_kube_proxy = std::any_of(filter.forward.begin(), filter.forward.end(),
                                          [](const auto& chain) { return chain.name == "KUBE-FORWARD"; });
  return Finding::fail(
      fmt::format("FORWARD's policy is DROP in {}, and no rule accepts what pods {} before{}",
                  backend_text(filter), done_by_pods(verdict),
                  has_kube_proxy ? ": KUBE-FORWARD accepts marked packets and answers alone" : ""),
      "new connections from and to pods are dropped; docker sets this policy",
      remedy::command("{} -P FORWARD ACCEPT", command_of(filter))
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
      fmt::format("chain {} in {}{} has a rule that {}s {}", sanitized(verdict.chain),
                  verdict.table == "filter" ? "" : fmt::format("table {} of ", sanitized(verdict.table)),
                  backend_text(filter), verdict.rule->target == "DROP" ? "drop" : "reject", what),
      "new connections from and to pods meet it",
      remedy::edit("have the owner of the rule ({}-save) accept the pod CIDRs before it, as source "
                   "and as destination, but behind cali-FORWARD, or stop firewalld or iptables-services "
                   "where it is theirs: Calico asks for none beside it",
                   command_of(filter)));
}

/// `table` of nftables is family and name: "inet filter".
remedy::Remedy show_table(const observed::FilterHook& hook) {
  const auto space = hook.table.find(' ');
  if (space == std::string::npos) return remedy::command("nft list table {}", hook.table);
  return remedy::command("nft list table {} {}", hook.table.substr(0, space), hook.table.substr(space + 1));
}

/// "nftables' chain forward of table inet filter"
std::string chain_text(const observed::FilterHook& hook, const ForwardVerdict& verdict) {
  return fmt::format("nftables' chain {} of table {}",
                     sanitized(verdict.rule == nullptr ? hook.chain : verdict.chain), sanitized(hook.table));
}

Finding undecided_without_link(std::string_view chain) {
  return Finding::unknown(
      fmt::format("{} has a rule that drops by a link, and by which link packets from and to pods of other "
                  "nodes go is not known yet: see nic.found",
                  chain));
}

/// Named sets, maps and limits of nftables are not followed, and may accept before.
Finding may_be_dropped(const observed::FilterHook& hook, const ForwardVerdict& verdict) {
  if (verdict.lacks_link) return undecided_without_link(chain_text(hook, verdict));
  if (verdict.rule == nullptr && hook.policy != "DROP") {
    return Finding::unknown(fmt::format(
        "{} has more rules than are followed, and whether it drops what pods {} cannot be told: see {}",
        chain_text(hook, verdict), done_by_pods(verdict), show_table(hook).text()));
  }
  const auto* what = verdict.rule == nullptr          ? "has the policy drop"
                     : verdict.rule->target == "DROP" ? "has a rule that drops"
                                                      : "has a rule that rejects";
  return Finding::unknown(
      fmt::format("{} {}, and whether it accepts before what pods {} cannot be told: see {}, and have its "
                  "owner accept the pod CIDRs, as source and as destination, or stop firewalld or "
                  "nftables.service where it is theirs",
                  chain_text(hook, verdict), what, done_by_pods(verdict), show_table(hook).text()));
}

Finding dropped_by_nftables(const observed::FilterHook& hook, const ForwardVerdict& verdict) {
  const auto what =
      verdict.rule == nullptr
          ? fmt::format("the policy drop, and no rule accepts what pods {} before", done_by_pods(verdict))
          : fmt::format("a rule that {}s what pods {}{}", verdict.rule->target == "DROP" ? "drop" : "reject",
                        done_by_pods(verdict), by_protocol(*verdict.rule));
  return Finding::fail(
      fmt::format("{} has {}", chain_text(hook, verdict), what), "new connections from and to pods meet it",
      show_table(hook).note("whose table it is: have its owner accept the pod CIDRs before, as source and as "
                            "destination, or stop firewalld or nftables.service where it is theirs"));
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
    if (verdict.kind == ForwardVerdict::drops) return dropped_by_nftables(hook, verdict);
    if (!doubtful) doubtful = may_be_dropped(hook, verdict);
  }
  return doubtful;
}

Finding undecided_by(const observed::PacketFilter& filter, const ForwardVerdict& verdict) {
  if (verdict.lacks_link) {
    return undecided_without_link(
        fmt::format("chain {} in {}", sanitized(verdict.chain), backend_text(filter)));
  }
  if (filter.forward_policy == "DROP") {
    return Finding::unknown(
        fmt::format("FORWARD's policy is DROP in {}, and whether its rules accept pods' packets before is "
                    "not known",
                    backend_text(filter)));
  }
  return Finding::unknown(
      fmt::format("whether {} drops what pods send or get is not known: it has more rules than are "
                  "followed, or some that accept by conditions that are not",
                  backend_text(filter)));
}

/// The pods' family of which neither a save program nor nft shows the rules; nullopt: there is none. nft
/// shows iptables' tables too where no save program does.
std::optional<net::Family> unseen_family(const Facts& facts, const observed::HostSettings& host,
                                         const std::vector<observed::PacketFilter>& filters) {
  if (host.nft_chains) return std::nullopt;
  for (const auto family : families_of_pods(facts)) {
    const auto is_of_it = [family](const auto& filter) { return filter.family == family; };
    if (std::none_of(filters.begin(), filters.end(), is_of_it)) return family;
  }
  return std::nullopt;
}

/// What iptables and ip6tables do with pods' packets; nullopt: nothing that they show drops them.
std::optional<Finding> of_iptables(const Facts& facts, const std::vector<observed::PacketFilter>& filters) {
  const auto used = families_of_pods(facts);
  std::optional<Finding> undecided;
  const observed::PacketFilter* unseen = nullptr;
  for (const auto& filter : filters) {
    if (std::find(used.begin(), used.end(), filter.family) == used.end()) continue;
    if (!filter.problem.empty()) {
      unseen = unseen == nullptr ? &filter : unseen;
      continue;
    }
    const auto verdict = forward_verdict(facts, filter);
    if (verdict.kind == ForwardVerdict::drops) {
      return verdict.rule == nullptr ? dropped_by_policy(filter, verdict) : dropped_by_rule(filter, verdict);
    }
    if (verdict.kind == ForwardVerdict::undecided) undecided = undecided_by(filter, verdict);
  }
  if (undecided) return undecided;
  if (unseen != nullptr) return Finding::unknown(problem_text(*unseen));
  return std::nullopt;
}

Finding netfilter_forward(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto nftables = of_nftables(facts, (*host)->nft_chains);
  if (nftables && nftables->status == CheckStatus::fail) return *nftables;
  const auto& filters = (*host)->packet_filters;
  if (!filters) return Finding::unknown(filters.error().what);
  if (const auto finding = of_iptables(facts, *filters)) return *finding;
  if (nftables) return *nftables;
  if (const auto family = unseen_family(facts, **host, *filters)) {
    return Finding::unknown(fmt::format(
        "neither {} nor nft is installed, which would show rules that drop packets", program(*family)));
  }
  return Finding::pass(
      "no rule drops all that pods send or get; what rules by port, state, mark, set or rate do is not "
      "followed, nor are chains of one device (netdev) read");
}

/// The family's backends that forwarded packets meet, the one with most rules first.
std::vector<const observed::PacketFilter*> used_backends(const std::vector<observed::PacketFilter>& filters,
                                                         net::Family family) {
  std::vector<const observed::PacketFilter*> used;
  for (const auto& filter : filters) {
    if (filter.family == family && filter.rules > 0) used.push_back(&filter);
  }
  std::sort(used.begin(), used.end(),
            [](const auto* one, const auto* other) { return one->rules > other->rules; });
  return used;
}

Finding uses_both(const observed::PacketFilter& most, const observed::PacketFilter& fewest) {
  return Finding::fail(fmt::format("forwarded packets meet {} rules in {} and {} in {}: they must pass both",
                                   most.rules, backend_text(most), fewest.rules, sanitized(fewest.backend)),
                       remedy::command("{}-save", command_of(fewest))
                           .note("whose rules they are: let all use one (update-alternatives --config {}, "
                                 "FELIX_IPTABLESBACKEND), then drain this node and reboot it",
                                 program(fewest.family)));
}

Finding netfilter_backends(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& filters = (*host)->packet_filters;
  if (!filters) return Finding::unknown(filters.error().what);
  if (filters->empty()) return Finding::skip("iptables is not installed");
  const auto used_by_pods = families_of_pods(facts);
  std::string said;
  for (const auto family : used_by_pods) {
    const auto used = used_backends(*filters, family);
    if (used.size() > 1) return uses_both(*used.front(), *used.back());
    const auto* word = family == net::Family::ipv6 ? " over IPv6" : "";
    if (!said.empty()) said += "; ";
    said += used.empty() ? fmt::format("no backend of {} holds a rule", program(family))
                         : fmt::format("all {} rules that forwarded packets meet{} are in {}",
                                       used.front()->rules, word, sanitized(used.front()->backend));
  }
  const auto unseen = std::find_if(filters->begin(), filters->end(), [&used_by_pods](const auto& each) {
    return !each.problem.empty() &&
           std::find(used_by_pods.begin(), used_by_pods.end(), each.family) != used_by_pods.end();
  });
  return unseen == filters->end() ? Finding::pass(said) : Finding::unknown(problem_text(*unseen));
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
