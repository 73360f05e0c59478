#include "agent/core/checks/forward_verdict.h"

#include <algorithm>
#include <string>
#include <vector>

#include "agent/core/checks/pod_network.h"

namespace agent {
namespace {

/// How the links and the addresses of pods look, which rules may name.
struct Pods {
  std::vector<std::string> links;
  std::vector<net::Prefix> addresses;
};

Pods pods_of(const Facts& facts) {
  // The names that Calico's, Azure's and the reference plug-ins give links of pods, whether or not one is
  // there.
  Pods pods{.links = {"cali0a1b2c3d4e5", "azv0a1b2c3d4e5", "cbr0", "cni0"}, .addresses = {}};
  if (const auto network = seen_network(facts)) {
    if (auto bridge = bridge_of(*network->main); !bridge.empty()) pods.links.push_back(std::move(bridge));
  }
  for (const auto& link : facts.links) {
    if (link.kind == "veth") pods.links.push_back(link.name);
  }
  const auto& policy = facts.policy;
  pods.addresses.assign(policy.cluster_cidrs.begin(), policy.cluster_cidrs.end());
  pods.addresses.insert(pods.addresses.end(), policy.node_cidrs.begin(), policy.node_cidrs.end());
  if (const auto plane = seen_data_plane(facts)) {
    for (const auto& pod : routed_pods(facts, **plane))
      pods.addresses.push_back(net::Prefix::host(pod.address));
  }
  return pods;
}

/// iptables' "cali+" is every name that begins so.
bool names(std::string_view pattern, const std::vector<std::string>& links) {
  return pattern.empty() || std::any_of(links.begin(), links.end(), [pattern](const std::string& link) {
           return pattern.ends_with('+')
                      ? std::string_view(link).starts_with(pattern.substr(0, pattern.size() - 1))
                      : link == pattern;
         });
}

/// While no address of pods is known, any may be one.
bool holds(const std::optional<net::Prefix>& prefix, const std::vector<net::Prefix>& addresses) {
  return !prefix || addresses.empty() ||
         std::any_of(addresses.begin(), addresses.end(),
                     [&prefix](const auto& each) { return each.overlaps(*prefix); });
}

class Walk {
 public:
  Walk(const net::PacketFilter& filter, const Pods& pods) : filter_(filter), pods_(pods) {}

  ForwardVerdict verdict() {
    auto verdict = ForwardVerdict{};
    const auto* forward = chain_named("FORWARD");
    const auto end = forward == nullptr ? End::goes_on : follow(*forward, verdict);
    if (end != End::goes_on) return verdict;
    if (filter_.forward_policy != "DROP") return {};
    const bool undecided = has_foreign_mark_ || filter_.is_cut;
    return {.kind = undecided ? ForwardVerdict::undecided : ForwardVerdict::drops};
  }

 private:
  enum class End : std::uint8_t { decided, returns, goes_on };

  // The kernel allows no loop of chains, but what is read may be older than a change of them.
  static constexpr int kDeepest = 16;

  [[nodiscard]] const net::FilterChain* chain_named(std::string_view name) const {
    const auto found = std::find_if(filter_.forward.begin(), filter_.forward.end(),
                                    [name](const auto& chain) { return chain.name == name; });
    return found == filter_.forward.end() ? nullptr : &*found;
  }

  [[nodiscard]] bool concerns_pods(const net::FilterRule& rule) const {
    return !rule.is_narrow && names(rule.in, pods_.links) && names(rule.out, pods_.links) &&
           holds(rule.source, pods_.addresses) && holds(rule.destination, pods_.addresses);
  }

  /// Felix marks what its policies allow and accepts it behind them. kube-proxy marks what it masquerades. Of
  /// others' marks nothing is known.
  bool accepts(const net::FilterRule& rule, std::string_view chain) {
    if (!rule.by_mark || rule.by_felix) return true;
    has_foreign_mark_ = has_foreign_mark_ || chain != "KUBE-FORWARD";
    return false;
  }

  End follow(const net::FilterChain& chain, ForwardVerdict& verdict) {
    if (depth_ == kDeepest) return End::goes_on;
    ++depth_;
    auto end = End::goes_on;
    for (const auto& rule : chain.rules) {
      if (!concerns_pods(rule)) continue;
      end = step(rule, chain, verdict);
      if (end != End::goes_on) break;
    }
    --depth_;
    return end == End::returns ? End::goes_on : end;
  }

  End step(const net::FilterRule& rule, const net::FilterChain& chain, ForwardVerdict& verdict) {
    if (rule.target == "ACCEPT") {
      if (!accepts(rule, chain.name)) return End::goes_on;
      verdict = {.kind = ForwardVerdict::passes};
      return End::decided;
    }
    if (rule.by_mark) return End::goes_on;
    if (rule.target == "DROP" || rule.target == "REJECT") {
      // One that names links or addresses is about those, and not about what nobody has accepted.
      if (!rule.in.empty() || !rule.out.empty() || rule.source || rule.destination) return End::goes_on;
      verdict = {.kind = has_foreign_mark_ ? ForwardVerdict::undecided : ForwardVerdict::drops,
                 .rule = &rule,
                 .chain = chain.name};
      return End::decided;
    }
    if (rule.target == "RETURN") return End::returns;
    const auto* next = chain_named(rule.target);
    if (next == nullptr) return End::goes_on;  // a mark, a log, one of Felix's chains of single links
    const auto end = follow(*next, verdict);
    return end == End::goes_on && rule.is_goto ? End::returns : end;
  }

  const net::PacketFilter& filter_;
  const Pods& pods_;
  bool has_foreign_mark_ = false;
  int depth_ = 0;
};

}  // namespace

ForwardVerdict forward_verdict(const Facts& facts, const net::PacketFilter& filter) {
  const auto pods = pods_of(facts);
  return Walk(filter, pods).verdict();
}

}  // namespace agent
