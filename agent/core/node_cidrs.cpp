#include "agent/core/node_cidrs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace agent {
namespace {

using Cidrs = std::vector<net::Prefix>;

/// A source's word at the moment; nullopt: it says nothing.
struct Candidate {
  NodeCidrSource source = NodeCidrSource::static_list;
  std::string_view name;      ///< as /status and the configuration spell it
  std::string_view evidence;  ///< where a person finds it
  std::optional<Cidrs> cidrs;
};

std::optional<Cidrs> unless_empty(Cidrs cidrs) {
  if (cidrs.empty()) return std::nullopt;
  std::sort(cidrs.begin(), cidrs.end());
  return cidrs;
}

std::optional<Cidrs> of_kubernetes(const Evidence& evidence) {
  if (!evidence.node || !*evidence.node) return std::nullopt;
  return unless_empty((*evidence.node)->pod_cidrs);
}

bool is_ours(const net::AzureNic& nic, const std::optional<net::Address>& next_hop) {
  return next_hop && std::any_of(nic.configurations.begin(), nic.configurations.end(),
                                 [&](const auto& each) { return each.address == *next_hop; });
}

bool is_pod_range(const Policy& policy, const net::Prefix& prefix) {
  const auto& clusters = policy.cluster_cidrs;
  return clusters.empty() || std::any_of(clusters.begin(), clusters.end(),
                                         [&](const auto& each) { return each.contains(prefix); });
}

std::optional<Cidrs> of_route_table(const Policy& policy, const Evidence& evidence) {
  if (!evidence.azure || !evidence.azure->nic || !evidence.azure->route_table) return std::nullopt;
  const auto& table = *evidence.azure->route_table;
  if (!table) return std::nullopt;
  Cidrs cidrs;
  for (const auto& route : table->routes) {
    if (!route.prefix || !is_ours(*evidence.azure->nic, route.next_hop)) continue;
    if (is_pod_range(policy, *route.prefix)) cidrs.push_back(*route.prefix);
  }
  return unless_empty(std::move(cidrs));
}

std::array<Candidate, 3> candidates(const Policy& policy, const Evidence& evidence) {
  return {Candidate{NodeCidrSource::kubernetes, "kubernetes", "spec.podCIDRs", of_kubernetes(evidence)},
          Candidate{NodeCidrSource::route_table, "route-table", "Azure's route table",
                    of_route_table(policy, evidence)},
          Candidate{NodeCidrSource::static_list, "static", "pods.node_cidrs in the configuration",
                    unless_empty(policy.node_cidrs)}};
}

/// True when there is nothing to ask with, and so nobody will tell: no credential of a kind that is used, no
/// identity, not to be asked. Everything else may pass: names that do not resolve, a node that has not
/// registered yet, a file that is being written.
bool is_final(const net::Error& error) {
  const auto code = error.code.value();
  return code == ENOKEY || code == EOPNOTSUPP || code == ENODATA;
}

bool may_still_tell(NodeCidrSource source, const Evidence& evidence) {
  if (source == NodeCidrSource::kubernetes)
    return !evidence.node || (!*evidence.node && !is_final(evidence.node->error()));
  if (source != NodeCidrSource::route_table) return false;
  if (!evidence.azure) return true;
  const auto& table = evidence.azure->route_table;
  return !table && !is_final(table.error());
}

std::string joined(const Cidrs& cidrs) {
  std::string text;
  for (const auto& each : cidrs) text += fmt::format("{}{}", text.empty() ? "" : ", ", each.text());
  return text;
}

/// What contradicts the choice. Kubernetes against the route table is the business of azure.node_route.
std::string contradiction(const Candidate& chosen, const Cidrs& cidrs, std::span<const Candidate> all) {
  for (const auto& other : all) {
    if (other.source == chosen.source || !other.cidrs || *other.cidrs == cidrs) continue;
    if (chosen.source == NodeCidrSource::kubernetes && other.source == NodeCidrSource::route_table) continue;
    return fmt::format("{} says {}, {} says {}", chosen.evidence, joined(cidrs), other.evidence,
                       joined(*other.cidrs));
  }
  return "";
}

}  // namespace

NodeCidrs decide_node_cidrs(const Policy& configured, const Evidence& evidence, const NodeCidrs& before) {
  const auto all = candidates(configured, evidence);
  NodeCidrs decided;
  for (const auto& candidate : all) {
    if (configured.node_cidr_source != NodeCidrSource::automatic &&
        configured.node_cidr_source != candidate.source)
      continue;
    const bool kept = !candidate.cidrs && before.source == candidate.name &&
                      candidate.source != NodeCidrSource::static_list && !before.cidrs.empty();
    if (candidate.cidrs || kept) {
      decided.cidrs = kept ? before.cidrs : *candidate.cidrs;
      decided.source = candidate.name;
      decided.kept = kept;
      decided.awaited = false;
      decided.disagreement = contradiction(candidate, decided.cidrs, all);
      return decided;
    }
    decided.awaited = decided.awaited || may_still_tell(candidate.source, evidence);
  }
  // What the configuration named itself until now, and names no longer, was taken away on purpose.
  if (before.source == "static") decided.awaited = false;
  return decided;
}

}  // namespace agent
