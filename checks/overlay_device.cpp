#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "checks/azure_state.h"
#include "checks/check_row.h"
#include "checks/overlay.h"
#include "checks/pod_network.h"
#include "remedy/commands.h"

namespace checks {
namespace {

constexpr std::uint8_t kOfBird = 12;  // RTPROT_BIRD, linux/rtnetlink.h: calico.residue's to name

/// A foreign route to other pods through the NIC with another node as its gateway.
const net::Route* direct_route(const Facts& facts, const observed::DataPlane& plane) {
  if (!facts.nic.nic) return nullptr;
  const auto& nic = *facts.nic.nic;
  const auto is_direct = [&](const net::Route& route) {
    if (route.device != nic.link.index || !route.gateway || route.type != net::RouteType::unicast)
      return false;
    if (route.protocol == facts.policy.protocol || route.protocol == kOfBird) return false;
    const auto& gateway = nic.gateway(route.gateway->family());
    return gateway && gateway->address != *route.gateway &&
           net::any_contains(facts.policy.cluster_cidrs, route.key.destination);
  };
  const auto found = std::find_if(plane.routes.begin(), plane.routes.end(), is_direct);
  return found == plane.routes.end() ? nullptr : &*found;
}

/// Where the operator is, it takes back what is changed in a pool of its own (pkg/controller/ippool). The
/// group of the resource is not named: crd.projectcalico.org, or projectcalico.org with Calico's API server
/// and with native v3 resources.
remedy::Remedy always_vxlan(const Facts& facts) {
  if (is_by_operator(facts))
    return remedy::edit_installation().note(
        "spec.calicoNetwork.ipPools: encapsulation: VXLAN in each of them");
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
    return Finding::fail("flannel's backend is udp",
                         "every packet is copied through flanneld: it is there for debugging",
                         edit_flannel(facts).note("\"Backend\": {{\"Type\": \"vxlan\"}}"));
  }
  return std::nullopt;
}

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

/// RFC 7348: Ethernet, VXLAN, UDP and the outer IP.
std::uint32_t overhead(const net::Vxlan& vxlan) {
  return vxlan.local && vxlan.local->family() == net::Family::ipv6 ? 70 : 50;
}

/// felix/config/config_params.go, VXLANVNI.
constexpr std::uint32_t kCalicosVni = 4096;

/// The N of flannel.N.
std::optional<std::uint32_t> vni_of_name(std::string_view name) {
  const auto digits = name.substr(name.rfind('.') + 1);
  std::uint32_t vni = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), vni);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return vni;
}

bool has_pods(const Facts& facts) {
  const auto network = seen_network(facts);
  const auto bridge = network ? bridge_of(*network->main) : "";
  const auto* master = bridge.empty() ? nullptr : link_named(facts, bridge);
  return std::any_of(facts.links->begin(), facts.links->end(), [master](const net::Link& link) {
    return is_calicos(link) || (master != nullptr && link.master == master->index);
  });
}

Finding absent(const Facts& facts) {
  const auto* flannel = is_calicos_overlay(facts) ? nullptr : flannel_annotations(facts);
  if (flannel != nullptr && flannel->backend_type != "vxlan")
    return Finding::skip(
        fmt::format("flannel's backend is {}, see overlay.backend", sanitized(flannel->backend_type)));
  if (overlay_backend(facts).status == CheckStatus::fail)
    return Finding::skip("the way to other nodes is no overlay, see overlay.backend");
  const auto name = overlay_name(facts.policy.mode);
  if (!has_pods(facts)) {
    return Finding::unknown(fmt::format("there is no {} yet: {} makes it when it starts", name,
                                        is_calicos_overlay(facts) ? "calico-node" : "flanneld"));
  }
  return Finding::fail(fmt::format("there is no {}, though pods are here", name),
                       "pods of other nodes cannot be reached, nor these from there", restart_overlay(facts));
}

/// The overlay sends from an address that is not the NIC's.
std::optional<Finding> wrong_way_out(const Facts& facts, const net::Link& link) {
  const auto& vxlan = *link.vxlan;
  if (!vxlan.local || is_own_address(facts, *vxlan.local)) return std::nullopt;
  const auto* setting = is_calicos_overlay(facts) ? "IP_AUTODETECTION_METHOD of calico-node"
                                                  : "--iface of flanneld, or canal_iface of canal-config";
  return Finding::fail(fmt::format("{} sends from {}, which is no address of {}", link.name,
                                   vxlan.local->text(), facts.nic.nic->link.name),
                       "a wrong NIC or an old address: other nodes' answers do not arrive",
                       restart_overlay(facts).note("where it comes back like this, set {}", setting));
}

/// As flanneld takes it from the API server, else as the agent uses it. Empty: not known.
std::vector<net::Prefix> own_cidrs(const Facts& facts) {
  const auto& node = facts.cloud_state->node;
  if (node && *node && !(*node)->pod_cidrs.empty()) return (*node)->pod_cidrs;
  if (without_node_cidrs(facts)) return {};
  return facts.policy.node_cidrs.list();
}

/// flannel's address for what the node itself sends into the overlay: the first of its subnet, which no pod
/// has.
std::optional<Finding> wrong_own_address(const Facts& facts, const net::Link& link) {
  if (is_calicos_overlay(facts)) return std::nullopt;
  const auto family = link.name.starts_with("flannel-v6.") ? net::Family::ipv6 : net::Family::ipv4;
  const auto has_one_of = [&](const std::vector<net::Prefix>& subnets) {
    return std::any_of(subnets.begin(), subnets.end(), [&](const net::Prefix& subnet) {
      return subnet.family() == family && link.has(subnet.network());
    });
  };
  const auto own = own_cidrs(facts);
  const auto& cni = facts.environment->cni;
  const auto leased = cni && cni->flannel_lease ? cni->flannel_lease->subnets : std::vector<net::Prefix>{};
  // flannel.subnet_env compares the lease with this node's CIDR; here the link may match either.
  if (has_one_of(own) || has_one_of(leased)) return std::nullopt;
  for (const auto& subnet : own.empty() ? leased : own) {
    if (subnet.family() != family) continue;
    return Finding::fail(fmt::format("{} has {}, not {} of this node's {}", link.name,
                                     link.addresses.empty() ? std::string("no address")
                                                            : link.addresses.front().address.text(),
                                     subnet.network().text(), subnet.text()),
                         "what this node sends to pods elsewhere has a source that is answered elsewhere",
                         restart_overlay(facts));
  }
  return std::nullopt;
}

std::optional<Finding> fault_of(const Facts& facts, const net::Link& link) {
  if (!link.vxlan) return Finding::unknown(fmt::format("what {} carries could not be read", link.name));
  const auto& vxlan = *link.vxlan;
  if (!link.up) {
    return Finding::fail(fmt::format("{} is down", link.name),
                         "the kernel has dropped its routes: pods of other nodes cannot be reached",
                         remedy::set_link_up(link.name).then(restart_overlay(facts)));
  }
  const auto named = is_calicos_overlay(facts) ? std::nullopt : vni_of_name(link.name);
  if ((named && *named != vxlan.vni) || vxlan.port == 0) {
    return Finding::fail(fmt::format("{} carries VNI {} to UDP port {}", link.name, vxlan.vni, vxlan.port),
                         "other nodes listen elsewhere and drop it",
                         restart_overlay(facts).note("it makes {} anew", link.name));
  }
  if (auto wrong = wrong_way_out(facts, link)) return wrong;
  if (auto wrong = wrong_own_address(facts, link)) return wrong;
  const auto& nic = facts.nic.nic->link;
  const auto needed = std::uint64_t{link.mtu} + overhead(vxlan);
  if (auto of_nic = nic_too_small(facts, needed, link.name)) return of_nic;
  if (needed > nic.mtu) {
    return Finding::fail(fmt::format("{} has MTU {}, above the {} - {} of {}", link.name, link.mtu, nic.mtu,
                                     overhead(vxlan), nic.name),
                         "larger packets are lost: small answers arrive, large ones hang",
                         remedy::command("ip link set dev {} mtu {}", link.name,
                                         nic.mtu > overhead(vxlan) ? nic.mtu - overhead(vxlan) : nic.mtu)
                             .then(restart_overlay(facts)));
  }
  return std::nullopt;
}

std::string described(const Facts& facts, const net::Link& link) {
  const auto& vxlan = *link.vxlan;
  // FelixConfiguration may say another VNI; the documentation's port for flannel is not what flannel uses.
  return fmt::format("{}: VNI {}{}, UDP port {}{}, MTU {}", link.name, vxlan.vni,
                     is_calicos_overlay(facts) && vxlan.vni != kCalicosVni ? " instead of Calico's 4096" : "",
                     vxlan.port, vxlan.local ? fmt::format(", from {}", vxlan.local->text()) : "", link.mtu);
}

Finding overlay_device(const Facts& facts) {
  if (auto nothing = without_overlay(facts)) return *nothing;
  const auto links = overlay_links(facts);
  if (links.empty()) return absent(facts);
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  std::string said;
  for (const auto* link : links) {
    if (auto fault = fault_of(facts, *link)) return *fault;
    said += fmt::format("{}{}", said.empty() ? "" : "; ", described(facts, *link));
  }
  return Finding::pass(said);
}

}  // namespace

std::vector<Check> rows_of_overlay_device() {
  return {
      {.order = 410,
       .id = "overlay.device",
       .group = Group::cni,
       .once_installed = true,
       .look = overlay_device},
      {.order = 450,
       .id = "overlay.backend",
       .group = Group::cni,
       .once_installed = true,
       .look = overlay_backend},
  };
}

}  // namespace checks
