#include "checks/check_table.h"

#include <algorithm>
#include <array>

#include "checks/check_ids.h"
#include "checks/checks.h"
#include "net/foreign_text.h"

namespace checks {
namespace {

// A message is one line whatever names are in it: this is where no stranger's text gets past.
constexpr std::size_t kLongestSentence = 2000;

bool always(const node::Policy&) { return true; }
bool never(const node::Policy&) { return false; }
bool with_routes(const node::Policy& policy) {
  return policy.mode != node::Mode::azure_cni && policy.routes_enabled;
}
/// Azure CNI gives pods addresses of the subnet.
bool with_pod_cidrs(const node::Policy& policy) { return policy.mode != node::Mode::azure_cni; }
bool with_ipv6(const node::Policy& policy) { return policy.uses(net::Family::ipv6); }
/// Not where flannel is to tell: it may wait for the gate.
bool when_demanded(const node::Policy& policy) {
  const auto source = policy.node_cidr_source;
  return policy.mode == node::Mode::udr && source != node::NodeCidrSource::automatic &&
         source != node::NodeCidrSource::flannel;
}

/// Whoever else tells it hears of this node once the kubelet has registered it.
bool unless_listed(const node::Policy& policy) {
  return policy.node_cidr_source != node::NodeCidrSource::static_list;
}

/// What user-defined routes need is not demanded while that they carry the pods is a guess: the nodes of an
/// overlay look alike until its plug-in is installed.
template <Finding (*look)(const Facts&)>
Finding once_mode_is_known(const Facts& facts) {
  auto finding = look(facts);
  if (finding.status != CheckStatus::fail || !facts.mode_is_a_guess) return finding;
  finding.status = CheckStatus::unknown;
  finding.fails_where_required = true;
  finding.message += "; whether it matters is open: nothing on this node tells yet what carries its pods";
  return finding;
}

/// Gates: what the node itself must have before calico/node starts, and nothing that calico/node, flannel or
/// a CNI plug-in brings up after the gate (they wait for it: the node would dead-lock). What the kubelet
/// brings, and whoever it starts, gates only where the configuration says so; READY=1 does not wait for it.
constexpr std::array kChecks = {
    CheckEntry{"mode.in_force", mode_in_force, always},
    CheckEntry{"imds.reachable", imds_reachable, always},
    CheckEntry{"nic.found", nic_found, always},
    CheckEntry{"nic.address", nic_address, always},
    CheckEntry{"nic.up", nic_up, always},
    CheckEntry{"nic.gateway", nic_gateway, never},
    CheckEntry{"routes.in_sync", routes_in_sync, with_routes},
    CheckEntry{"routes.shadowed", routes_shadowed, never},
    CheckEntry{"sysctl.ip_forward", sysctl_ip_forward, always},
    CheckEntry{"sysctl.nic_forwarding", sysctl_nic_forwarding, always},
    CheckEntry{"sysctl.ipv6_forwarding", sysctl_ipv6_forwarding, with_ipv6},
    CheckEntry{"sysctl.accept_ra", sysctl_accept_ra, with_ipv6},
    CheckEntry{"sysctl.rp_filter", sysctl_rp_filter, never},
    CheckEntry{"pods.node_cidr", pods_node_cidr, when_demanded, unless_listed},
    CheckEntry{"pods.overlap", pods_overlap, with_pod_cidrs},
    CheckEntry{"azure.ip_forwarding", once_mode_is_known<azure_ip_forwarding>, never},
    CheckEntry{"azure.route_table", once_mode_is_known<azure_route_table>, never},
    CheckEntry{"azure.node_route", once_mode_is_known<azure_node_route>, never, always},
    CheckEntry{"azure.stale_routes", once_mode_is_known<azure_stale_routes>, never},
    CheckEntry{"azure.vnet_range", once_mode_is_known<azure_vnet_range>, never},
    CheckEntry{"azure.cloud_config", once_mode_is_known<azure_cloud_config>, never},
    CheckEntry{"kubernetes.node_cidr", kubernetes_node_cidr, never, always},
    CheckEntry{"kubernetes.route_created", kubernetes_route_created, never, always},
    CheckEntry{"cni.mode", mode_contradicted, never},
    CheckEntry{"cni.winner", cni_winner, never},
    CheckEntry{"cni.plugins", cni_plugins, never},
    CheckEntry{"cni.ipam", cni_ipam, never},
    CheckEntry{"cni.host_local", cni_host_local, never},
    CheckEntry{"calico.node_name", calico_node_name, never},
    CheckEntry{"calico.felix", calico_felix, never, always},
    CheckEntry{"calico.interface_prefix", calico_interface_prefix, never},
    CheckEntry{"calico.residue", calico_residue, never},
    CheckEntry{"pods.addresses", pods_addresses, never},
    CheckEntry{"pods.links", pods_links, never},
    CheckEntry{"pods.mtu", pods_mtu, never},
    CheckEntry{"azure_cni.configuration", azure_cni_configuration, never},
    CheckEntry{"azure_cni.addresses", azure_cni_addresses, never},
    CheckEntry{"azure_cni.state", azure_cni_state, never},
    CheckEntry{"azure_cni.cns", azure_cni_cns, never},
    CheckEntry{"azure_cni.wire_server", azure_cni_wire_server, never},
    CheckEntry{"overlay.device", overlay_device, never},
    CheckEntry{"overlay.vtep", overlay_vtep, never},
    CheckEntry{"overlay.peers", overlay_peers, never},
    CheckEntry{"overlay.checksum_offload", overlay_checksum_offload, never},
    CheckEntry{"overlay.backend", overlay_backend, never},
    CheckEntry{"flannel.subnet_env", flannel_subnet_env, never},
    CheckEntry{"netfilter.forward", netfilter_forward, never},
    CheckEntry{"netfilter.backends", netfilter_backends, never},
    CheckEntry{"conntrack.room", conntrack_room, never},
    CheckEntry{"networkd.foreign_routes", networkd_foreign_routes, never},
    CheckEntry{"networkmanager.unmanaged", networkmanager_unmanaged, never},
    CheckEntry{"udev.mac_policy", udev_mac_policy, never},
    CheckEntry{"sysctl.persistence", sysctl_persistence, never},
    CheckEntry{"nic.vf", nic_vf, never},
    CheckEntry{"routes.main_rules", routes_main_rules, never},
};

constexpr auto kIds = [] {
  std::array<std::string_view, kChecks.size()> ids{};
  for (std::size_t i = 0; i < kChecks.size(); ++i) ids.at(i) = kChecks.at(i).id;
  return ids;
}();

bool lists(const std::vector<std::string>& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

std::span<const CheckEntry> check_table() { return kChecks; }

std::span<const std::string_view> check_ids() { return kIds; }

bool may_hold(const node::Policy& policy, std::string_view gate) { return !lists(policy.ignore, gate); }

std::vector<CheckResult> assess(const Facts& facts, std::span<const CheckResult> before, net::WallTime now) {
  std::vector<CheckResult> results;
  results.reserve(kChecks.size());
  for (const auto& check : kChecks) {
    auto finding = check.look(facts);
    const auto& policy = facts.policy;
    const bool required = lists(policy.require, check.id);
    const bool gates =
        !lists(policy.ignore, check.id) && (required || (check.gates(policy) && !finding.warns_only));
    const auto last = std::find_if(before.begin(), before.end(),
                                   [&check](const CheckResult& result) { return result.id == check.id; });
    if (required && finding.fails_where_required) finding.status = CheckStatus::fail;
    const bool fails = finding.status == CheckStatus::fail;
    const bool unchanged = last != before.end() && last->status == finding.status;
    results.push_back({.id = std::string(check.id),
                       .status = finding.status,
                       .gate = gates,
                       .needs_kubelet = check.needs_kubelet(policy),
                       .message = net::foreign_text(finding.message, kLongestSentence),
                       .why = fails ? net::foreign_text(finding.why, kLongestSentence) : "",
                       .remedy = fails ? finding.remedy.text() : "",
                       .since = unchanged ? last->since : now});
  }
  return results;
}

bool is_ready(std::span<const CheckResult> checks) {
  return std::none_of(checks.begin(), checks.end(), [](const CheckResult& check) { return check.holds(); });
}

bool is_ready_for_kubelet(std::span<const CheckResult> checks) {
  return std::none_of(checks.begin(), checks.end(),
                      [](const CheckResult& check) { return check.holds() && !check.needs_kubelet; });
}

}  // namespace checks
