#include "checks/check_row.h"

#include <algorithm>

namespace checks {

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

bool may_hold(const node::Policy& policy, std::string_view gate) {
  return std::find(policy.ignore.begin(), policy.ignore.end(), gate) == policy.ignore.end();
}

bool applies(NeedsKubelet needs, const node::Policy& policy) {
  return needs == NeedsKubelet::always || (needs == NeedsKubelet::unless_node_cidr_is_static &&
                                           policy.node_cidr_source != node::NodeCidrSource::static_list);
}

}  // namespace checks
