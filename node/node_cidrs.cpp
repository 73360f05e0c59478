#include "node/node_cidrs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "node/azure_routing.h"

namespace node {
namespace {

using Cidrs = std::vector<net::Prefix>;

/// The CIDRs of a source at the moment; nullopt: it has none.
struct Candidate {
  NodeCidrSource source = NodeCidrSource::static_list;
  std::string_view name;   ///< as /status and the configuration spell it
  std::string_view place;  ///< where a person finds it
  std::optional<Cidrs> cidrs;
  Cidrs outside = {};  ///< what it has besides, and cannot be
};

std::optional<Cidrs> unless_empty(Cidrs cidrs) {
  if (cidrs.empty()) return std::nullopt;
  std::sort(cidrs.begin(), cidrs.end());
  return cidrs;
}

std::optional<Cidrs> of_kubernetes(const observed::CloudState& cloud_state) {
  if (!cloud_state.node || !*cloud_state.node) return std::nullopt;
  return unless_empty((*cloud_state.node)->pod_cidrs);
}

std::optional<Cidrs> of_route_table(const Policy& policy, const observed::CloudState& cloud_state,
                                    std::string_view node_name) {
  if (!cloud_state.azure) return std::nullopt;
  return unless_empty(node_cidrs_of_table(policy, *cloud_state.azure, node_name));
}

std::optional<Cidrs> of_flannel(const observed::NodeEnvironment& environment) {
  if (!environment.cni || !environment.cni->flannel_lease) return std::nullopt;
  return unless_empty(environment.cni->flannel_lease->subnets);
}

/// A node has a part of the cluster's range. A sink for anything else would catch what is no pod: the virtual
/// network, IMDS, peered networks. Of a family without a cluster CIDR nothing is known.
bool is_outside(const Policy& policy, const net::Prefix& prefix) {
  bool is_known = false;
  for (const auto& each : policy.cluster_cidrs) {
    if (each.contains(prefix)) return false;
    is_known = is_known || each.family() == prefix.family();
  }
  return is_known;
}

void set_outside_aside(const Policy& policy, Candidate& candidate) {
  if (!candidate.cidrs || candidate.source == NodeCidrSource::static_list) return;
  auto& cidrs = *candidate.cidrs;
  const auto outside = std::stable_partition(cidrs.begin(), cidrs.end(),
                                             [&](const auto& each) { return !is_outside(policy, each); });
  candidate.outside.assign(outside, cidrs.end());
  cidrs.erase(outside, cidrs.end());
  candidate.cidrs = unless_empty(std::move(cidrs));
}

std::array<Candidate, 4> candidates(const Policy& policy, const observed::CloudState& cloud_state,
                                    const observed::NodeEnvironment& environment,
                                    std::string_view node_name) {
  std::array all = {
      Candidate{NodeCidrSource::kubernetes, "kubernetes", "spec.podCIDRs", of_kubernetes(cloud_state)},
      Candidate{NodeCidrSource::flannel, "flannel", "flannel's subnet.env", of_flannel(environment)},
      Candidate{NodeCidrSource::route_table, "route-table", "Azure's route table",
                of_route_table(policy, cloud_state, node_name)},
      Candidate{NodeCidrSource::static_list, "static", "pods.node_cidrs in the configuration",
                unless_empty(policy.node_cidrs.list())}};
  for (auto& each : all) set_outside_aside(policy, each);
  return all;
}

/// True when there is nothing to ask with, and so no answer will come: no credential of a kind that is used,
/// no identity, not to be asked. Everything else may pass: names that do not resolve, a node that has not
/// registered yet, a file that is being written.
bool is_final(const net::Error& error) {
  const auto code = error.code.value();
  return code == ENOKEY || code == EOPNOTSUPP || code == ENODATA;
}

bool may_still_answer(NodeCidrSource source, const observed::CloudState& cloud_state,
                      const observed::NodeEnvironment& environment) {
  const auto is_open = [](const auto& answer) { return !answer && !is_final(answer.error()); };
  switch (source) {
    case NodeCidrSource::kubernetes:
      return !cloud_state.node || is_open(*cloud_state.node);
    case NodeCidrSource::flannel:
      return !environment.cni || is_open(environment.cni->flannel_lease);
    case NodeCidrSource::route_table:
      return !cloud_state.azure || is_open(cloud_state.azure->route_table);
    default:
      return false;
  }
}

/// Whether this source is asked: the one that is named, or all; but flannel of itself only where it leads.
bool is_asked(const Policy& configured, NodeCidrSource source) {
  if (configured.node_cidr_source != NodeCidrSource::automatic) return configured.node_cidr_source == source;
  return source != NodeCidrSource::flannel || configured.mode == Mode::flannel;
}

/// Whether another check weighs these two against each other: azure.node_route, flannel.subnet_env.
bool has_a_check_of_its_own(NodeCidrSource chosen, NodeCidrSource other) {
  if (other == NodeCidrSource::kubernetes) return chosen == NodeCidrSource::flannel;
  return chosen == NodeCidrSource::kubernetes &&
         (other == NodeCidrSource::route_table || other == NodeCidrSource::flannel);
}

/// The CIDRs that a source had before, without those that would be refused of any source now.
Cidrs still_fit(const Policy& policy, const observed::CloudState& cloud_state, NodeCidrSource source,
                Cidrs cidrs) {
  const auto* azure = cloud_state.azure ? &*cloud_state.azure : nullptr;
  std::erase_if(cidrs, [&](const net::Prefix& each) {
    return source == NodeCidrSource::route_table ? !can_be_one_nodes(policy, azure, each)
                                                 : is_outside(policy, each);
  });
  return cidrs;
}

std::string what_is_outside(const Policy& configured, const Candidate& candidate) {
  return fmt::format("{} has {}, which lies outside of pods.cluster_cidrs {}", candidate.place,
                     net::joined(candidate.outside), net::joined(configured.cluster_cidrs));
}

/// What contradicts the choice.
std::string contradiction(const Policy& configured, const Candidate& chosen, const Cidrs& cidrs,
                          std::span<const Candidate> all) {
  for (const auto& other : all) {
    if (other.source == chosen.source || !other.cidrs || *other.cidrs == cidrs) continue;
    if (has_a_check_of_its_own(chosen.source, other.source)) continue;
    if (other.source == NodeCidrSource::flannel && configured.mode != Mode::flannel) continue;
    return fmt::format("{} has {}, {} has {}", chosen.place, net::joined(cidrs), other.place,
                       net::joined(*other.cidrs));
  }
  return "";
}

}  // namespace

NodeCidrs decide_node_cidrs(const Policy& configured, const observed::CloudState& cloud_state,
                            const observed::NodeEnvironment& environment, std::string_view node_name,
                            const NodeCidrs& before) {
  const auto all = candidates(configured, cloud_state, environment, node_name);
  NodeCidrs decided;
  for (const auto& candidate : all) {
    if (!is_asked(configured, candidate.source)) continue;
    if (!candidate.outside.empty() && decided.refused.empty())
      decided.refused = what_is_outside(configured, candidate);
    const auto word = candidate.source != NodeCidrSource::static_list && before.source == candidate.name
                          ? still_fit(configured, cloud_state, candidate.source, before.cidrs)
                          : Cidrs();
    const bool kept = !candidate.cidrs && !word.empty();
    if (candidate.cidrs || kept) {
      decided.cidrs = kept ? word : *candidate.cidrs;
      decided.source = candidate.name;
      decided.kept = kept;
      decided.awaited = false;
      decided.disagreement = contradiction(configured, candidate, decided.cidrs, all);
      return decided;
    }
    decided.awaited = decided.awaited || may_still_answer(candidate.source, cloud_state, environment);
  }
  // What the configuration named itself until now, and names no longer, was removed on purpose.
  if (before.source == "static") decided.awaited = false;
  return decided;
}

}  // namespace node
