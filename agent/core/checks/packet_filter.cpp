#include <fmt/format.h>

#include <algorithm>

#include "agent/core/checks/checks.h"
#include "agent/core/checks/forward_verdict.h"
#include "agent/core/checks/pod_network.h"

namespace agent {
namespace {

Seen<const std::vector<net::PacketFilter>*> seen_filters(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return tl::unexpected<Finding>(host.error());
  const auto& filters = (*host)->packet_filters;
  if (!filters) return tl::unexpected<Finding>(Finding::unknown(filters.error().what));
  if (filters->empty()) return tl::unexpected<Finding>(Finding::skip("iptables is not installed"));
  return &*filters;
}

/// The backend that could not be looked at; nullptr: all were.
const net::PacketFilter* unseen(const std::vector<net::PacketFilter>& filters) {
  const auto found =
      std::find_if(filters.begin(), filters.end(), [](const auto& each) { return !each.problem.empty(); });
  return found == filters.end() ? nullptr : &*found;
}

std::string problem_text(const net::PacketFilter& filter) {
  return fmt::format("iptables' {} backend could not be looked at: {}", filter.backend, filter.problem);
}

Finding dropped_by_policy(const net::PacketFilter& filter) {
  const bool has_kube_proxy = std::any_of(filter.forward.begin(), filter.forward.end(),
                                          [](const auto& chain) { return chain.name == "KUBE-FORWARD"; });
  return Finding::warn(
      fmt::format(
          "FORWARD's policy is DROP in iptables' {} backend, and no rule accepts what pods send before{}",
          shown(filter.backend),
          has_kube_proxy ? ": KUBE-FORWARD accepts marked packets and answers alone" : ""),
      "new connections from and to pods are dropped; docker sets this policy",
      command("iptables-{} -P FORWARD ACCEPT", filter.backend)
          .note("docker sets DROP again when it starts, unless /etc/docker/daemon.json says "
                "ip-forward-no-drop: true"));
}

Finding dropped_by_rule(const net::PacketFilter& filter, const ForwardVerdict& verdict) {
  return Finding::warn(
      fmt::format("chain {} in iptables' {} backend has a rule that {}s whatever no rule accepts before it",
                  shown(verdict.chain), shown(filter.backend),
                  verdict.rule->target == "DROP" ? "drop" : "reject"),
      "new connections from and to pods meet it",
      edit("let who wrote the rule (iptables-{}-save) accept the pod CIDRs before it, as source and as "
           "destination, but behind cali-FORWARD, or stop firewalld or iptables-services where it is theirs: "
           "Calico "
           "asks for none beside it",
           filter.backend));
}

}  // namespace

Finding netfilter_forward(const Facts& facts) {
  const auto filters = seen_filters(facts);
  if (!filters) return filters.error();
  const net::PacketFilter* undecided = nullptr;
  for (const auto& filter : **filters) {
    if (!filter.problem.empty()) continue;
    const auto verdict = forward_verdict(facts, filter);
    if (verdict.kind == ForwardVerdict::drops)
      return verdict.rule == nullptr ? dropped_by_policy(filter) : dropped_by_rule(filter, verdict);
    if (verdict.kind == ForwardVerdict::undecided) undecided = &filter;
  }
  if (undecided != nullptr) {
    return Finding::unknown(fmt::format(
        "FORWARD's policy is DROP in iptables' {} backend, and whether its rules accept pods' packets "
        "before cannot be told",
        shown(undecided->backend)));
  }
  if (const auto* filter = unseen(**filters)) return Finding::unknown(problem_text(*filter));
  return Finding::pass("no FORWARD chain drops what nobody has accepted");
}

Finding netfilter_backends(const Facts& facts) {
  const auto filters = seen_filters(facts);
  if (!filters) return filters.error();
  std::vector<const net::PacketFilter*> used;
  for (const auto& filter : **filters) {
    if (filter.rules > 0) used.push_back(&filter);
  }
  std::sort(used.begin(), used.end(),
            [](const auto* one, const auto* other) { return one->rules > other->rules; });
  if (used.size() < 2) {
    if (const auto* filter = unseen(**filters)) return Finding::unknown(problem_text(*filter));
    if (used.empty()) return Finding::pass("no backend of iptables holds a rule");
    return Finding::pass(fmt::format("all {} rules that forwarded packets meet are in {}",
                                     used.front()->rules, shown(used.front()->backend)));
  }
  const auto& most = *used.front();
  const auto& fewest = *used.back();
  return Finding::warn(
      fmt::format("forwarded packets meet {} rules in iptables' {} backend and {} in {}: they must pass both",
                  most.rules, shown(most.backend), fewest.rules, shown(fewest.backend)),
      "who writes to one does not see what the other drops; Calico 3.0 writes to legacy alone",
      command("iptables-{}-save", fewest.backend)
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
  return Finding::warn(said, "when the table is full, the first packet of every new connection is dropped",
                       command("sysctl -w net.netfilter.nf_conntrack_max={0} && echo "
                               "net.netfilter.nf_conntrack_max={0} >> /etc/sysctl.d/99-calico-azure.conf",
                               room * 2)
                           .note("kube-proxy sets its own when it starts: conntrack.maxPerCore"));
}

}  // namespace agent
