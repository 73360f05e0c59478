#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/core/checks/checks.h"
#include "agent/core/checks/pod_network.h"

namespace agent {
namespace {

/// Chains that accept what pods forward: Felix's, kube-proxy's, flannel's.
constexpr std::array<std::string_view, 3> kAccepting = {"cali-FORWARD", "KUBE-FORWARD", "FLANNEL-FWD"};

bool accepts_pods(const net::PacketFilter& filter) {
  return filter.forward_policy != "DROP" || filter.forward_accepts_all ||
         std::any_of(filter.forward_jumps.begin(), filter.forward_jumps.end(), [](const auto& chain) {
           return std::find(kAccepting.begin(), kAccepting.end(), chain) != kAccepting.end();
         });
}

Seen<const std::vector<net::PacketFilter>*> seen_filters(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return tl::unexpected<Finding>(host.error());
  const auto& filters = (*host)->packet_filters;
  if (!filters) return tl::unexpected<Finding>(Finding::unknown(filters.error().what));
  if (filters->empty()) return tl::unexpected<Finding>(Finding::skip("iptables is not installed"));
  return &*filters;
}

}  // namespace

Finding netfilter_forward(const Facts& facts) {
  const auto filters = seen_filters(facts);
  if (!filters) return filters.error();
  for (const auto& filter : **filters) {
    if (accepts_pods(filter)) continue;
    return Finding::warn(
        fmt::format("FORWARD's policy is DROP in iptables' {} backend, and no chain of Calico, kube-proxy or "
                    "flannel accepts before",
                    shown(filter.backend)),
        "packets to and from pods are dropped; docker sets this policy",
        fmt::format("{} -P FORWARD ACCEPT", pasted("iptables-" + filter.backend)));
  }
  return Finding::pass("no FORWARD chain drops what nobody has accepted");
}

Finding netfilter_backends(const Facts& facts) {
  const auto filters = seen_filters(facts);
  if (!filters) return filters.error();
  std::vector<const net::PacketFilter*> used;
  for (const auto& filter : **filters) {
    if (filter.rules > 0) used.push_back(&filter);
  }
  if (used.empty()) return Finding::pass("no backend of iptables holds a rule");
  std::sort(used.begin(), used.end(),
            [](const auto* one, const auto* other) { return one->rules > other->rules; });
  const auto& most = *used.front();
  const auto& fewest = *used.back();
  if (used.size() == 1)
    return Finding::pass(fmt::format("all {} rules are in {}", most.rules, shown(most.backend)));
  return Finding::warn(
      fmt::format("iptables' {} backend holds {} rules and {} {}: packets must pass both",
                  shown(most.backend), most.rules, shown(fewest.backend), fewest.rules),
      "who writes to one does not see what the other drops; Calico 3.0 writes to legacy alone",
      fmt::format("{}-save   # whose rules they are; let all use one (update-alternatives --config iptables, "
                  "FELIX_IPTABLESBACKEND), then reboot",
                  pasted("iptables-" + fewest.backend)));
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
  constexpr auto kKey = "net.netfilter.nf_conntrack_max";
  return Finding::warn(
      said, "when the table is full, the first packet of every new connection is dropped",
      fmt::format(
          "sysctl -w {0}={1} && echo '{0} = {1}' >> /etc/sysctl.d/99-calico-azure.conf   # kube-proxy "
          "sets its own when it starts: conntrack.maxPerCore",
          kKey, room * 2));
}

}  // namespace agent
