#include "checks/check_row.h"

#include <algorithm>

namespace checks {

std::string_view status_name(CheckStatus status) {
  constexpr std::array<std::string_view, 4> kNames = {"pass", "fail", "unknown", "skip"};
  return kNames.at(static_cast<std::size_t>(status));
}

std::string_view group_name(Group group) {
  constexpr std::array<std::string_view, 4> kNames = {"kernel", "Azure", "Kubernetes", "CNI"};
  return kNames.at(static_cast<std::size_t>(group));
}

bool applies(Gate gate, const node::Policy& policy) {
  const auto source = policy.node_cidr_source;
  switch (gate) {
    case Gate::never:
      return false;
    case Gate::always:
      return true;
    case Gate::with_routes:
      return policy.mode != node::Mode::azure_cni && policy.routes_enabled;
    case Gate::with_pod_cidrs:  // Azure CNI gives pods addresses of the subnet
      return policy.mode != node::Mode::azure_cni;
    case Gate::with_ipv6:
      return policy.uses(net::Family::ipv6);
    case Gate::with_demanded_node_cidr:
      return policy.mode == node::Mode::udr && source != node::NodeCidrSource::automatic &&
             source != node::NodeCidrSource::flannel;
  }
  return false;
}

std::string_view gate_words(Gate gate) {
  constexpr std::array<std::string_view, 6> kWords = {
      "",
      "always",
      "in mode udr, flannel or calico-vxlan, with routes.enabled = true",
      "in mode udr, flannel or calico-vxlan",
      "with IPv6 pods",
      "in mode udr, with pods.node_cidr_source static, kubernetes or route-table"};
  return kWords.at(static_cast<std::size_t>(gate));
}

bool may_hold(const node::Policy& policy, std::string_view gate) {
  return std::find(policy.ignore.begin(), policy.ignore.end(), gate) == policy.ignore.end();
}

bool applies(NeedsKubelet needs, const node::Policy& policy) {
  return needs == NeedsKubelet::always || (needs == NeedsKubelet::unless_node_cidr_is_static &&
                                           policy.node_cidr_source != node::NodeCidrSource::static_list);
}

std::string_view kubelet_words(NeedsKubelet needs) {
  constexpr std::array<std::string_view, 3> kWords = {"", "always",
                                                      "with pods.node_cidr_source other than static"};
  return kWords.at(static_cast<std::size_t>(needs));
}

}  // namespace checks
