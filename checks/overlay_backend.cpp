#include <fmt/format.h>

#include <algorithm>

#include "checks/checks.h"
#include "checks/overlay.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

constexpr std::uint8_t kOfBird = 12;  // RTPROT_BIRD, linux/rtnetlink.h: calico.residue's to name

/// A stranger's route to other pods by the NIC, past the gateway: straight to their node.
const net::Route* direct_route(const Facts& facts, const observed::DataPlane& plane) {
  if (!facts.nic.nic) return nullptr;
  const auto& nic = *facts.nic.nic;
  const auto of_pods = [&facts](const net::Prefix& to) {
    const auto& clusters = facts.policy.cluster_cidrs;
    return std::any_of(clusters.begin(), clusters.end(),
                       [&to](const auto& each) { return each.contains(to); });
  };
  const auto is_direct = [&](const net::Route& route) {
    if (route.device != nic.link.index || !route.gateway || route.type != net::RouteType::unicast)
      return false;
    if (route.protocol == facts.policy.protocol || route.protocol == kOfBird) return false;
    const auto& gateway = nic.gateway(route.gateway->family());
    return gateway && gateway->address != *route.gateway && of_pods(route.key.destination);
  };
  const auto found = std::find_if(plane.routes.begin(), plane.routes.end(), is_direct);
  return found == plane.routes.end() ? nullptr : &*found;
}

/// Where the operator is, it takes back what is changed in a pool of its own (pkg/controller/ippool). The
/// group of the resource is not named: crd.projectcalico.org, or projectcalico.org with Calico's API server
/// and with native v3 resources.
remedy::Remedy always_vxlan(const Facts& facts) {
  if (is_by_operator(facts))
    return remedy::command("kubectl edit installation default")
        .note("spec.calicoNetwork.ipPools: encapsulation: VXLAN in each of them");
  return remedy::command(
             "kubectl patch ippool default-ipv4-ippool --type merge --patch "
             "'{{\"spec\":{{\"vxlanMode\":\"Always\"}}}}'")
      .note("where the pool has another name: kubectl get ippools");
}

Finding direct(const Facts& facts, const std::string& said) {
  const std::string why =
      "a node as next hop needs a common layer 2, and Azure has none: such packets are dropped";
  if (is_calicos_overlay(facts)) {
    return Finding::fail(said + ": vxlanMode CrossSubnet", why, always_vxlan(facts));
  }
  return Finding::fail(
      said + ": flannel's backend host-gw, or DirectRouting of vxlan", why,
      edit_flannel(facts).note("\"Backend\": {{\"Type\": \"vxlan\"}} without DirectRouting"));
}

/// Backends that do not carry packets between Azure's nodes.
std::optional<Finding> useless(const Facts& facts, const std::string& backend) {
  if (backend == "host-gw") return direct(facts, "the node's annotation says host-gw");
  if (backend == "ipip") {
    return Finding::fail("flannel's backend is ipip", "Azure drops IP in IP (protocol 4)",
                         edit_flannel(facts).note("\"Backend\": {{\"Type\": \"vxlan\"}}"));
  }
  if (backend == "alloc") {
    return Finding::fail(
        "flannel's backend is alloc, which gives out subnets and forwards nothing",
        "Azure's route table must lead between nodes then, and this mode makes no route to it",
        remedy::edit_configuration("set mode = \"udr\" in /etc/calico-azure-agent/config.toml"));
  }
  if (backend == "udp") {
    return Finding::warn("flannel's backend is udp",
                         "every packet is copied through flanneld: it is there for debugging",
                         edit_flannel(facts).note("\"Backend\": {{\"Type\": \"vxlan\"}}"));
  }
  return std::nullopt;
}

}  // namespace

Finding overlay_backend(const Facts& facts) {
  if (auto nothing = without_overlay(facts)) return *nothing;
  const auto* flannel = is_calicos_overlay(facts) ? nullptr : flannel_annotations(facts);
  if (flannel != nullptr) {
    if (auto wrong = useless(facts, flannel->backend_type)) return *wrong;
  }
  const auto plane = seen_data_plane(facts);
  const auto* route = plane ? direct_route(facts, **plane) : nullptr;
  if (route != nullptr) return direct(facts, net::route_text(*route, facts.nic.nic->link.name));
  if (flannel != nullptr && flannel->backend_type != "vxlan")
    return Finding::unknown(
        fmt::format("flannel's backend {} is not checked", sanitized(flannel->backend_type)));
  if (!plane) return plane.error();
  if (overlay_links(facts).empty())
    return Finding::unknown(
        fmt::format("there is no {}, see overlay.device", overlay_name(facts.policy.mode)));
  return Finding::pass("VXLAN, and no route past it straight to another node");
}

}  // namespace checks
