#include <fmt/format.h>

#include "checks/azure_state.h"
#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "checks/remedies.h"
#include "node/azure_routing.h"
#include "node/own_node.h"

namespace checks {
namespace {

std::optional<Finding> not_known(const Facts& facts) {
  if (facts.policy.mode == node::Mode::azure_cni)
    return Finding::skip("Azure CNI gives pods addresses of the subnet");
  const auto& node = facts.cloud_state->node;
  if (!node) return Finding::unknown("the API server has not been asked yet");
  if (!*node) return Finding::unknown(node->error().what);
  return std::nullopt;
}

std::string age_text(net::WallTime since, net::WallTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - since).count();
  if (seconds < 120) return fmt::format("{} s", seconds < 0 ? 0 : seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

/// Whether pods' addresses come from spec.podCIDRs. calico-ipam has pools of its own; an overlay of Calico's
/// leads to its blocks.
enum class Need : std::uint8_t { yes, no, unknown };

Need need_of_node_cidr(const Facts& facts) {
  if (facts.policy.mode == node::Mode::flannel) return Need::yes;  // flannel's lease is the node's CIDR
  if (const auto network = seen_network(facts)) {
    const auto& main = *network->main;
    if (main.ipam == "calico-ipam") return Need::no;
    const bool takes_it = main.ipam == "host-local" || main.type == "flannel";
    if (takes_it || facts.policy.mode == node::Mode::udr) return Need::yes;
    return Need::unknown;
  }
  // What is assumed before a plug-in is installed asks for nothing.
  const bool is_told = facts.policy.mode == node::Mode::udr && !facts.mode_is_a_guess;
  return is_told ? Need::yes : Need::unknown;
}

remedy::Remedy allocate_node_cidrs(const Facts& facts) {
  if (is_run_by_aks(facts)) {
    return remedy::edit(
        "AKS assigns node CIDRs where its network plug-in is kubenet alone: elsewhere take an IPAM that "
        "needs none, such as calico-ipam");
  }
  std::string range;
  for (const auto& cidr : facts.policy.cluster_cidrs) range += (range.empty() ? "" : ",") + cidr.text();
  return remedy::edit(
      "add --allocate-node-cidrs=true --cluster-cidr={} to kube-controller-manager, in "
      "/etc/kubernetes/manifests/kube-controller-manager.yaml",
      range.empty() ? "THE_POD_RANGE" : range);
}

/// The route controller has not confirmed the route. Only its RouteCreated counts as evidence: Calico and
/// flannel set the same condition for other reasons. Where ARM has been read, the route table decides.
Finding without_the_controllers_word(const Facts& facts, net::WallTime since, const std::string& said) {
  const auto& azure = facts.cloud_state->azure;
  if (const auto* table = azure ? table_of(*azure) : nullptr; table != nullptr && leads_here(facts, *table)) {
    return Finding::pass(
        fmt::format("{}; route table {} leads to this node", said, node::name_of(table->id)));
  }
  if (azure && azure->route_table) {
    return Finding::unless_required(
        said + ", which the route controller did not set; see azure.node_route and azure.route_table",
        remedy::edit("see azure.node_route and azure.route_table"));
  }
  if (facts.wall - since < kRouteMayTake) {
    return Finding::unless_required(fmt::format("{}; a route may take {} s", said, kRouteMayTake.count()),
                                    remedy::edit("wait for the route controller"));
  }
  if (is_run_by_aks(facts)) {
    return Finding::fail(said + ", which the route controller did not set",
                         remedy::edit("let ARM be read, where the route table can be seen (README, What "
                                      "Azure and Kubernetes say): AKS runs the route controller"));
  }
  // The cloud provider looks at this flag alone: cmd/cloud-controller-manager/app/core.go,
  // startRouteController.
  return Finding::fail(said + ", which the route controller did not set",
                       remedy::edit("start cloud-controller-manager with --configure-cloud-routes=true, or "
                                    "let ARM be read (README, What Azure and Kubernetes say)"));
}

Finding kubernetes_node_cidr(const Facts& facts) {
  if (facts.policy.mode != node::Mode::azure_cni && node::is_another_machines(facts.cloud_state->node)) {
    const auto& said = facts.cloud_state->node->error().what;
    constexpr auto kWhy = "what the cluster knows of that machine, its pod CIDR above all, is not this one's";
    // One fault, one check: where the CIDR must come from this Node, pods.node_cidr holds readiness.
    if (facts.policy.node_cidrs.empty() && facts.policy.node_cidr_source == node::NodeCidrSource::kubernetes)
      return Finding::unless_required(said + "; see pods.node_cidr", kWhy, name_own_node(facts));
    return Finding::fail(said, kWhy, name_own_node(facts));
  }
  if (auto nothing = not_known(facts)) return *nothing;
  const auto& node = **facts.cloud_state->node;
  if (!node.pod_cidrs.empty()) {
    return Finding::pass(
        fmt::format("spec.podCIDRs of node {} is {}", node.name, net::joined(node.pod_cidrs)));
  }
  const auto need = need_of_node_cidr(facts);
  if (need == Need::no) return Finding::skip("calico-ipam needs no spec.podCIDRs");
  const auto said = fmt::format("node {} has no spec.podCIDRs", node.name);
  constexpr auto kWhy = "host-local IPAM has no range to give pods addresses from";
  if (need == Need::unknown)
    return Finding::unknown(said + ", and nothing on this node tells yet whether its IPAM needs them");
  const auto remedy = allocate_node_cidrs(facts);
  if (facts.wall - node.created < kRouteMayTake) return Finding::unless_required(said + " yet", kWhy, remedy);
  return Finding::fail(said, kWhy, remedy);
}

Finding kubernetes_route_created(const Facts& facts) {
  if (auto skipped = without_route_table_mode(facts)) return *skipped;
  if (auto nothing = not_known(facts)) return *nothing;
  const auto& node = **facts.cloud_state->node;
  if (node.pod_cidrs.empty()) {
    return Finding::reported_by("kubernetes.node_cidr", "without spec.podCIDRs no route is made");
  }
  if (!node.network_unavailable) {
    return without_the_controllers_word(
        facts, node.created, fmt::format("node {} has no condition NetworkUnavailable", node.name));
  }
  const auto& condition = *node.network_unavailable;
  const auto said = fmt::format("NetworkUnavailable is {} ({}) since {}", condition.status, condition.reason,
                                age_text(condition.since, facts.wall));
  if (condition.status == "False") {
    if (condition.reason == "RouteCreated") return Finding::pass(said);
    return without_the_controllers_word(facts, condition.since, said);
  }
  constexpr auto kWhy =
      "the cloud provider reports that Azure's route table has no route to this node's pods";
  const auto remedy =
      remedy::command("kubectl get events --all-namespaces --field-selector {}",
                      fmt::format("involvedObject.name={},reason=FailedToCreateRoute", node.name));
  if (facts.wall - condition.since < kRouteMayTake) {
    return Finding::unless_required(fmt::format("{}; a route may take {} s", said, kRouteMayTake.count()),
                                    kWhy, remedy);
  }
  // One fault, one check: the table shows what is missing.
  if (!facts.mode_is_a_guess && azure_node_route(facts).status == CheckStatus::fail)
    return Finding::unless_required(said + ", see azure.node_route", kWhy, remedy);
  return Finding::fail(condition.message.empty() ? said : fmt::format("{}: {}", said, condition.message),
                       kWhy, remedy);
}

}  // namespace

std::vector<Check> rows_of_kubernetes() {
  return {
      {.order = 220,
       .id = "kubernetes.node_cidr",
       .group = Group::kubernetes,
       .reports_source = true,
       .needs_kubelet = NeedsKubelet::always,
       .look = kubernetes_node_cidr},
      {.order = 230,
       .id = "kubernetes.route_created",
       .group = Group::kubernetes,
       .needs_kubelet = NeedsKubelet::always,
       .why = "nothing confirms that Azure's route table has a route to this node's pods",
       .look = kubernetes_route_created},
  };
}

}  // namespace checks
