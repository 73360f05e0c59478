#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "remedy/commands.h"

namespace checks {
namespace {

/// Felix's link of each family, and what WireGuard adds to a packet: IP, UDP (8) and its own 32 bytes.
/// https://www.wireguard.com/protocol/, https://docs.tigera.io/calico/latest/networking/configuring/mtu
struct Tunnel {
  std::string_view link;
  std::uint32_t overhead;
  std::string_view key;  ///< of FelixConfiguration
};
constexpr auto kTunnels =
    std::to_array<Tunnel>({{"wireguard.cali", 60, "wireguardMTU"}, {"wg-v6.cali", 80, "wireguardMTUV6"}});

Finding calico_wireguard(const Facts& facts) {
  if (!facts.nic.nic) return Finding::unknown("the NIC is not known, see nic.found");
  const auto& nic = facts.nic.nic->link;
  std::string seen;
  for (const auto& tunnel : kTunnels) {
    const auto* link = link_named(facts, tunnel.link);
    if (link == nullptr) continue;
    const auto bytes = link->mtu + tunnel.overhead;
    if (link->mtu > 0 && bytes > nic.mtu) {
      if (auto small = nic_too_small(facts, bytes, link->name)) return *small;
      return Finding::fail(fmt::format("{} has MTU {}, and {} carries {}", link->name, link->mtu, nic.name,
                                       nic.mtu - tunnel.overhead),
                           remedy::patch_felix_configuration(fmt::format(
                               R"({{"spec":{{"{}":{}}}}})", tunnel.key, nic.mtu - tunnel.overhead)));
    }
    seen += fmt::format("{}{} has MTU {}", seen.empty() ? "" : ", ", link->name, link->mtu);
  }
  if (seen.empty()) return Finding::skip("Calico does not encrypt: there is no wireguard.cali");
  return Finding::pass(fmt::format("{}, which {} carries", seen, nic.name));
}

}  // namespace

std::vector<Check> rows_of_wireguard() {
  return {
      {.order = 355,
       .id = "calico.wireguard",
       .group = Group::cni,
       .why = "large packets between nodes are lost",
       .look = calico_wireguard},
  };
}

}  // namespace checks
