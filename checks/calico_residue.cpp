#include <fmt/format.h>

#include <algorithm>

#include "checks/checks.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

constexpr std::uint8_t kBird = 12;  // RTPROT_BIRD, linux/rtnetlink.h
constexpr auto kIpIpTunnel = "tunl0";

/// What Calico's own routing has in the kernel.
struct Residue {
  std::size_t of_bird = 0;
  std::size_t by_tunnel = 0;  ///< of BIRD's or, since Calico 3.33, of Felix's (ProgramClusterRoutes)
  std::optional<net::Address> tunnel_address;  ///< one that host-local may give to a pod
};

/// tunl0's address is one of calico-ipam's, which knows of it; host-local does not.
std::optional<net::Address> address_of_tunnel(const Facts& facts, const net::Link& tunnel) {
  const auto network = seen_network(facts);
  if (!network || network->main->ipam != "host-local") return std::nullopt;
  for (const auto& each : tunnel.addresses) {
    if (is_of_this_node(facts, each.address)) return each.address;
  }
  return std::nullopt;
}

Residue residue_of(const Facts& facts, const observed::DataPlane* plane) {
  Residue residue;
  const auto* tunnel = link_named(facts, kIpIpTunnel);
  if (tunnel != nullptr) residue.tunnel_address = address_of_tunnel(facts, *tunnel);
  if (plane == nullptr) return residue;
  for (const auto& route : plane->routes) {
    if (tunnel != nullptr && route.device == tunnel->index) {
      ++residue.by_tunnel;
    } else if (route.protocol == kBird) {
      ++residue.of_bird;
    }
  }
  return residue;
}

std::string routes_text(std::size_t count) {
  return count == 1 ? "1 route" : fmt::format("{} routes", count);
}

/// Calico makes no tunnel again: what is there goes with a reboot.
remedy::Remedy without_tunnel(const Facts& facts) {
  const bool has_overlay = facts.policy.mode == node::Mode::calico_vxlan;
  if (is_by_operator(facts)) {
    return remedy::command("kubectl edit installation default")
        .note(
            "spec.calicoNetwork: encapsulation {} in each of ipPools, bgp Disabled, then drain this node and "
            "reboot it, which takes {} and its routes away",
            has_overlay ? "VXLAN" : "None", kIpIpTunnel);
  }
  return remedy::edit(
      "set ipipMode Never in each IPPool (kubectl edit ippools) and CALICO_NETWORKING_BACKEND={} in "
      "calico-node, then drain this node and reboot it, which takes {} and its routes away",
      has_overlay ? "vxlan" : "none", kIpIpTunnel);
}

/// Routes of a BIRD, which may run on purpose: with Azure Route Server, or for egress gateways.
Finding routes_of_bird(const Facts& facts, std::size_t count) {
  const auto said = fmt::format("{} of BIRD (protocol {})", routes_text(count), kBird);
  const auto host = seen_host(facts);
  if (!host) return Finding::unknown(said + ": whether it runs has not been read yet");
  if (!(*host)->bird_runs)
    return Finding::unknown(fmt::format("{}: {}", said, (*host)->bird_runs.error().what));
  if (*(*host)->bird_runs) return Finding::pass(said + ", which runs");
  return Finding::warn(
      said + ", which does not run any more",
      "leftovers of Calico's BGP: nobody changes these routes when pods or nodes move",
      remedy::command("ip route show proto {}", kBird)
          .note("they go when this node is drained and rebooted: removing one by one cuts off the "
                "pods that it leads to"));
}

}  // namespace

Finding calico_residue(const Facts& facts) {
  const auto plane = seen_data_plane(facts);
  const auto residue = residue_of(facts, plane ? *plane : nullptr);
  if (residue.by_tunnel > 0) {
    return Finding::warn(fmt::format("{} by {}", routes_text(residue.by_tunnel), kIpIpTunnel),
                         "Azure drops IP in IP (protocol 4): what these routes lead to cannot be reached",
                         without_tunnel(facts));
  }
  if (residue.tunnel_address) {
    return Finding::warn(
        fmt::format("{} has {} of this node's pod CIDR", kIpIpTunnel, residue.tunnel_address->text()),
        "host-local does not know of it and may give a pod the same address", without_tunnel(facts));
  }
  if (!plane) return plane.error();
  if (residue.of_bird > 0) return routes_of_bird(facts, residue.of_bird);
  return Finding::pass("no route of BIRD and none by a tunnel of Calico's is left");
}

}  // namespace checks
