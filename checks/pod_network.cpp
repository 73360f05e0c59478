#include "checks/pod_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "checks/azure_state.h"
#include "checks/check_row.h"
#include "net/foreign_text.h"
#include "node/azure_routing.h"
#include "node/mode.h"

namespace checks {

namespace {

constexpr std::size_t kLongestWord = 200;

tl::unexpected<Finding> unknown(std::string why) {
  return tl::unexpected<Finding>(Finding::unknown(std::move(why)));
}

}  // namespace

Seen<const observed::CniFiles*> seen_cni(const Facts& facts) {
  if (!facts.environment->cni) return unknown("the CNI's files have not been read yet");
  return &*facts.environment->cni;
}

Seen<observed::CniNetwork> seen_network(const Facts& facts) {
  const auto cni = seen_cni(facts);
  if (!cni) return tl::unexpected<Finding>(cni.error());
  const auto& configuration = (*cni)->configuration;
  if (!configuration) return unknown(configuration.error().what);
  auto network = configuration->network();
  if (!network) return unknown(network.error().what + ", see cni.winner");
  return *network;
}

Seen<const observed::DataPlane*> seen_data_plane(const Facts& facts) {
  const auto& plane = facts.environment->data_plane;
  if (!plane) return unknown("the kernel's routes to pods have not been read yet");
  if (!*plane) return unknown(plane->error().what);
  return &**plane;
}

Seen<const observed::HostSettings*> seen_host(const Facts& facts) {
  if (!facts.environment->host) return unknown("this machine's services have not been read yet");
  return &*facts.environment->host;
}

bool fits(node::Mode mode, const observed::CniPlugin& main) {
  const auto& type = main.type;
  switch (mode) {
    case node::Mode::udr:
      return (type == "calico" || type == "bridge" || type == "ptp") && main.ipam == "host-local";
    case node::Mode::flannel:
      return type == "flannel" || (type == "calico" && main.ipam == "host-local");
    case node::Mode::azure_cni:
      return node::is_azure_plugin(main);
    case node::Mode::calico_vxlan:
      return type == "calico" && main.ipam == "calico-ipam";
  }
  return false;
}

/// A Felix that runs, whether or not it may be looked at.
bool felix_runs(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return false;
  const auto& environment = (*host)->calico_environment;
  return environment || environment.error().code.value() == EACCES || (*host)->felix;
}

const observed::CniFile* meant_instead(const Facts& facts) {
  const auto network = seen_network(facts);
  const auto mode = facts.policy.mode;
  if (!network || fits(mode, *network->main)) return nullptr;
  // Where the mode is found by the node, a plug-in that the agent does not know may be the one that is meant.
  if (facts.policy.mode_is_automatic && !node::is_known_plugin(*network->main)) return nullptr;
  // A configuration that Calico has written and uses is no leftover; cni.ipam checks it.
  if (network->main->type == "calico" && felix_runs(facts)) return nullptr;
  const auto files = facts.environment->cni->configuration->of_pods();
  const auto found = std::find_if(files.begin(), files.end(),
                                  [mode](const auto* file) { return fits(mode, *file->main()); });
  return found == files.end() ? nullptr : *found;
}

bool is_in_the_way(const Facts& facts) { return meant_instead(facts) != nullptr; }

std::string plugin_text(const observed::CniPlugin& main) {
  return main.ipam.empty() ? sanitized(main.type)
                           : fmt::format("{} with {}", sanitized(main.type), sanitized(main.ipam));
}

bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

bool is_calicos(const net::Link& link) { return link.name.starts_with("cali"); }

bool is_azures(const net::Link& link) { return link.name.starts_with("azv"); }

const net::Link* link_named(const Facts& facts, std::string_view name) {
  const auto found = std::find_if(facts.links->begin(), facts.links->end(),
                                  [name](const net::Link& link) { return link.name == name; });
  return found == facts.links->end() ? nullptr : &*found;
}

std::string bridge_of(const observed::CniPlugin& main) {
  if (main.type != "bridge" && main.type != "flannel") return "";
  // The bridge plug-in's default, and flannel delegates to that plug-in.
  return main.bridge.empty() ? "cni0" : main.bridge;
}

std::vector<RoutedPod> routed_pods(const Facts& facts, const observed::DataPlane& plane) {
  std::vector<RoutedPod> pods;
  for (const auto& route : plane.routes) {
    const auto& to = route.key.destination;
    if (route.type != net::RouteType::unicast || to.length() != net::address_bits(to.family())) continue;
    const auto link = std::find_if(facts.links->begin(), facts.links->end(),
                                   [&route](const auto& each) { return each.index == route.device; });
    if (link == facts.links->end()) continue;
    if (is_calicos(*link) || is_azures(*link) || link->name.starts_with("veth"))
      pods.push_back({&*link, to.network()});
  }
  return pods;
}

bool shows_calico(const Facts& facts) {
  if (std::any_of(facts.links->begin(), facts.links->end(), is_calicos)) return true;
  if (const auto network = seen_network(facts); network && network->main->type == "calico") return true;
  return felix_runs(facts);
}

bool is_of_this_node(const Facts& facts, const net::Address& address) {
  const auto& own = facts.policy.node_cidrs;
  return std::any_of(own.begin(), own.end(), [&address](const auto& cidr) { return cidr.contains(address); });
}

std::optional<Finding> without_node_cidrs(const Facts& facts) {
  if (facts.policy.node_cidrs.empty())
    return Finding::unknown("this node's pod CIDR is not known, see pods.node_cidr");
  if (!dispute_over_node_cidrs(facts).empty())
    return Finding::unknown("this node's pod CIDR is in dispute, see pods.node_cidr");
  return std::nullopt;
}

std::string sanitized(std::string_view text) { return net::foreign_text(text, kLongestWord); }

std::string node_word(const Facts& facts) { return facts.node_name.empty() ? "THIS_NODE" : facts.node_name; }

bool is_by_operator(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return false;
  // pkg/render/node.go and pkg/common/common.go of https://github.com/tigera/operator
  if ((*host)->calico_namespace == "calico-system") return true;
  const auto& environment = (*host)->calico_environment;
  if (!environment) return false;
  const auto type = environment->find("CLUSTER_TYPE");
  return type != environment->end() && lists(type->second, "operator");
}

std::string disable_ipv6_of(const net::Link& link) {
  return fmt::format("net/ipv6/conf/{}/disable_ipv6", link.name);
}

bool is_ipv6_disabled(const Facts& facts) {
  if (!facts.nic.nic) return false;
  const auto reading = facts.sysctls.find(disable_ipv6_of(facts.nic.nic->link));
  return reading != facts.sysctls.end() && reading->second && *reading->second != "0";
}

std::string_view nic_fault(const Facts& facts, net::Family family) {
  if (!facts.kernel_error.empty() || !facts.network || !facts.nic.nic) return "";
  const auto& nic = *facts.nic.nic;
  if (!nic.link.up && may_hold(facts.policy, "nic.up")) return "nic.up";
  if (!facts.policy.uses(family) || !may_hold(facts.policy, "nic.address")) return "";
  const auto address = nic.azure.primary(family);
  const bool lacks_it = !address || !nic.link.has(*address);
  const bool disabled = family == net::Family::ipv6 && is_ipv6_disabled(facts);
  return lacks_it || disabled ? "nic.address" : "";
}

namespace {

/// A route to this NIC for a part of the cluster's range that overlaps none of this node's CIDRs, one of
/// which has its family.
bool is_of_other_pods_here(const Facts& facts, const observed::AzureRoute& route) {
  if (!route.prefix || !is_own_address(facts, route.next_hop) || !is_pod_range(facts, *route.prefix))
    return false;
  const auto family = route.prefix->family();
  // A host route was added on purpose, for a gateway in a pod for example.
  if (route.prefix->length() == net::address_bits(family)) return false;
  const auto& own = facts.policy.node_cidrs;
  return std::any_of(own.begin(), own.end(),
                     [family](const auto& cidr) { return cidr.family() == family; }) &&
         std::none_of(own.begin(), own.end(),
                      [&route](const auto& cidr) { return cidr.overlaps(*route.prefix); });
}

/// Whether every pod with a link of Calico's has an address, of that family, of the prefix.
bool has_all_pods(const net::Prefix& prefix, const std::vector<RoutedPod>& pods) {
  bool has_any = false;
  for (const auto& pod : pods) {
    if (!is_calicos(*pod.link) || pod.address.family() != prefix.family()) continue;
    if (!prefix.contains(pod.address)) return false;
    has_any = true;
  }
  return has_any;
}

}  // namespace

std::string dispute_over_node_cidrs(const Facts& facts) {
  if (!facts.node_cidrs.disagreement.empty()) return facts.node_cidrs.disagreement;
  const auto* table = facts.cloud_state->azure ? table_of(*facts.cloud_state->azure) : nullptr;
  const auto plane = seen_data_plane(facts);
  if (facts.policy.mode != node::Mode::udr || table == nullptr || !plane || (*plane)->routes_cut) return "";
  const auto pods = routed_pods(facts, **plane);
  const auto found = std::find_if(table->routes.begin(), table->routes.end(), [&](const auto& route) {
    return is_of_other_pods_here(facts, route) && has_all_pods(*route.prefix, pods);
  });
  if (found == table->routes.end()) return "";
  return fmt::format(
      "{} has {}, but all pods here have addresses of {}, which route {} of Azure's route table leads to "
      "this NIC",
      facts.node_cidrs.source, net::joined(facts.policy.node_cidrs), found->prefix->text(), found->name);
}

std::optional<Finding> nic_too_small(const Facts& facts, std::uint64_t bytes, std::string_view sender) {
  // More only where somebody has set that:
  // https://learn.microsoft.com/azure/virtual-network/virtual-network-tcpip-performance-tuning
  constexpr std::uint32_t kAzuresMtu = 1500;
  const auto& nic = facts.nic.nic->link;
  if (nic.mtu >= bytes || bytes > kAzuresMtu) return std::nullopt;
  return Finding::fail(fmt::format("{} has MTU {}, below the {} of {}: Azure carries {}", nic.name, nic.mtu,
                                   bytes, sender, kAzuresMtu),
                       "larger packets are lost: small answers arrive, large ones hang",
                       remedy::command("ip link set dev {} mtu {}", nic.name, kAzuresMtu)
                           .note("and take out what lowers it: netplan, a .network file or cloud-init"));
}

}  // namespace checks
