#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/link.h"
#include "net/route.h"
#include "node/policy.h"
#include "observed/node_network.h"

namespace node {

/// IMDS: https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
inline constexpr std::string_view kImdsAddress = "169.254.169.254";
/// The platform's own virtual IP:
/// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
inline constexpr std::string_view kWireServerAddress = "168.63.129.16";
/// Azure's IPv6 gateway on every NIC (seen in router advertisements and in azure-ipam's ipconfig.go).
inline constexpr std::string_view kAzureIpv6Gateway = "fe80::1234:5678:9abc";

/// Where the kernel sends packets: routes of table main to the default destinations and to the
/// two platform addresses.
struct PlatformRoutes {
  std::vector<net::Route> routes;
};

struct Gateway {
  net::Address address;
  /// IPv6: no default router was seen on the NIC, IPv4: on no link; the address that Azure always has stands
  /// in.
  bool assumed = false;
  /// Of the NIC's default route; 0 where there is none.
  std::uint8_t protocol = 0;
  std::uint32_t metric = 0;

  bool operator==(const Gateway&) const = default;
};

/// Azure's NIC and this machine's link, brought together.
struct ResolvedNic {
  observed::Nic azure;
  net::Link link;
  bool primary = false;
  std::optional<Gateway> gateway_v4;
  std::optional<Gateway> gateway_v6;

  [[nodiscard]] const std::optional<Gateway>& gateway(net::Family family) const {
    return family == net::Family::ipv4 ? gateway_v4 : gateway_v6;
  }
};

/// Either the NIC, or why there is none (or more than one), in a sentence.
struct NicResolution {
  std::optional<ResolvedNic> nic;
  std::string problem;
};

/// The link that carries the NIC: of all links with its MAC the one that is not enslaved; of several such,
/// the one that holds an address of the NIC (a VF shares the MAC, also before it is enslaved). When every
/// such link is enslaved, the master that holds an address (Azure CNI's bridge mode). Error ENODEV: none;
/// ENOTUNIQ: several.
net::Result<net::Link> find_link(const observed::Nic& nic, std::span<const net::Link> links);

/// True when at least one NIC of the document is on this machine.
bool matches_any_link(const observed::NodeNetwork& network, std::span<const net::Link> links);
/// The sentence about a document of which that is not true: the MACs that IMDS names, and those that are
/// here.
std::string unlike_any_link(const observed::NodeNetwork& network, std::span<const net::Link> links);

/// The MACs of the links that have a route to a platform address. DHCP gives such routes to the primary NIC
/// alone.
std::vector<net::MacAddress> macs_of_platform_routes(std::span<const net::Link> links,
                                                     const PlatformRoutes& platform_routes);

/// Which NIC of the document such a route shows to be the primary one, by its MAC: the remembered one where
/// it is among them, else that of the least metric; nullopt: none shows any. Nothing else is evidence: a
/// default route or a route lookup leads by whatever NIC is up, and IMDS answers the primary one alone
/// (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service, "primary NIC").
std::optional<net::MacAddress> shown_primary(const observed::NodeNetwork& network,
                                             std::span<const net::Link> links,
                                             const PlatformRoutes& platform_routes,
                                             const std::optional<net::MacAddress>& remembered);

/// What was remembered, as long as there is such a NIC: in the document or, where that leaves it out, as a
/// link here. One that is in neither was replaced, and counts again only if it comes back.
std::optional<net::MacAddress> effective_primary(const observed::NodeNetwork& network,
                                                 std::span<const net::Link> links,
                                                 const std::optional<net::MacAddress>& remembered);

/// The NIC that carries pod traffic. `primary` is the MAC that was once shown to be the primary NIC's;
/// without it IMDS index 0 is. A primary NIC that the document does not have is a problem and no reason to
/// take another one: pods' packets that leave by the wrong NIC are lost.
NicResolution resolve_nic(const observed::NodeNetwork& network, std::span<const net::Link> links,
                          const PlatformRoutes& platform_routes, const NicSelector& selector,
                          const std::optional<net::MacAddress>& primary);

}  // namespace node
