#include <fmt/format.h>

#include "agent/core/azure_names.h"
#include "agent/core/checks/checks.h"

namespace agent {
namespace {

/// The cloud provider batches routes for 30 s and waits 30 s more: 60 to 90 s are normal
/// (cloud-provider-azure, routeUpdateIntervalInSeconds and routeUpdateWaitingInSeconds).
constexpr auto kRouteMayTake = std::chrono::seconds(180);

std::optional<Finding> not_known(const Facts& facts) {
  if (facts.policy.mode == Mode::azure_cni)
    return Finding::skip("Azure CNI gives pods addresses of the subnet");
  const auto& node = facts.evidence.node;
  if (!node) return Finding::unknown("the API server has not been asked yet");
  if (!*node) return Finding::unknown(node->error().what);
  return std::nullopt;
}

std::string age_text(WallTime since, WallTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - since).count();
  if (seconds < 120) return fmt::format("{} s", seconds < 0 ? 0 : seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

/// Nobody says that the route was made. Only the route controller's RouteCreated is evidence of the API's;
/// Calico and flannel set the condition for reasons of their own. Where ARM shows the table, azure.node_route
/// knows better.
Finding without_the_controllers_word(const Facts& facts, WallTime since, const std::string& said) {
  if (facts.evidence.azure && facts.evidence.azure->route_table)
    return Finding::unknown(said + ", which is not the route controller's word; see azure.node_route");
  if (facts.wall - since < kRouteMayTake)
    return Finding::unknown(fmt::format("{}; a route may take {} s", said, kRouteMayTake.count()));
  return Finding::warn(
      said + ", which is not the route controller's word",
      "nobody says that Azure's route table leads to this node's pods",
      "# start cloud-controller-manager with --configure-cloud-routes=true "
      "--allocate-node-cidrs=true, or let ARM be read (README, What Azure and Kubernetes say)");
}

}  // namespace

Finding kubernetes_node_cidr(const Facts& facts) {
  if (auto nothing = not_known(facts)) return *nothing;
  const auto& node = **facts.evidence.node;
  if (!node.pod_cidrs.empty()) {
    return Finding::pass(
        fmt::format("spec.podCIDRs of node {} is {}", node.name, net::joined(node.pod_cidrs)));
  }
  const auto& clusters = facts.policy.cluster_cidrs;
  return Finding::warn(
      fmt::format("node {} has no spec.podCIDRs", node.name),
      "host-local IPAM has no range to give pods addresses from",
      fmt::format("# add --allocate-node-cidrs=true --cluster-cidr={} to kube-controller-manager "
                  "(/etc/kubernetes/manifests/kube-controller-manager.yaml)",
                  clusters.empty() ? "THE_POD_RANGE" : clusters.front().text()));
}

Finding kubernetes_route_created(const Facts& facts) {
  if (facts.policy.mode != Mode::udr) {
    return Finding::skip(fmt::format("mode {} needs no route table", mode_name(facts.policy.mode)));
  }
  if (auto nothing = not_known(facts)) return *nothing;
  const auto& node = **facts.evidence.node;
  if (node.pod_cidrs.empty())
    return Finding::skip("without spec.podCIDRs no route is made, see kubernetes.node_cidr");
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
  if (facts.wall - condition.since < kRouteMayTake)
    return Finding::unknown(fmt::format("{}; a route may take {} s", said, kRouteMayTake.count()));
  return Finding::warn(
      condition.message.empty() ? said : fmt::format("{}: {}", said, condition.message),
      "the cloud provider says that this node's pods cannot be reached by Azure's route table",
      fmt::format("kubectl get events --all-namespaces --field-selector "
                  "involvedObject.name={},reason=FailedToCreateRoute",
                  shell_word(node.name)));
}

}  // namespace agent
