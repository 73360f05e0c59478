#include "node/nic_resolution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace node {
namespace {

/// Calico's, Azure CNI's and bridges' links of pods: none is a NIC.
bool is_of_pod(const net::Link& link) {
  return link.name.starts_with("cali") || link.name.starts_with("azv") ||
         (link.kind == "veth" && link.name.starts_with("veth"));
}

bool enslaved(const net::Link& link) { return link.master != 0 || link.slave; }

bool holds_address_of(const observed::Nic& nic, const net::Link& link) {
  return std::any_of(nic.addresses.begin(), nic.addresses.end(),
                     [&link](const net::Address& address) { return link.has(address); });
}

std::string names_of(std::span<const net::Link* const> links) {
  std::string names;
  for (const auto* link : links) {
    if (!names.empty()) names += ", ";
    names += link->name;
  }
  return names;
}

/// "eth0 (00:0d:3a:f8:06:ec), eth1 (00:0d:3a:f8:06:ed)"; without the loopback and other links that have none.
std::string macs_here(std::span<const net::Link> links) {
  constexpr std::size_t kMost = 8;  // a node has a link for each pod
  std::string text;
  std::size_t count = 0;
  for (const auto& link : links) {
    if (!link.mac || link.loopback || is_of_pod(link)) continue;
    if (++count > kMost) return text + ", …";
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", link.name, link.mac->text());
  }
  return text.empty() ? "no link that has one" : text;
}

std::string macs_of(const observed::NodeNetwork& network) {
  std::string text;
  for (const auto& nic : network.nics) text += fmt::format("{}{}", text.empty() ? "" : ", ", nic.mac.text());
  return text;
}

std::optional<std::size_t> index_of(const observed::NodeNetwork& network, const net::MacAddress& mac) {
  for (std::size_t i = 0; i < network.nics.size(); ++i) {
    if (network.nics[i].mac == mac) return i;
  }
  return std::nullopt;
}

/// Routes to the two platform addresses, the least metric first.
std::vector<net::Route> routes_to_platform(const PlatformRoutes& platform_routes) {
  std::vector<net::Route> found;
  for (const auto platform : {kImdsAddress, kWireServerAddress}) {
    const auto destination = net::Prefix::host(*net::Address::parse(platform));
    std::copy_if(platform_routes.routes.begin(), platform_routes.routes.end(), std::back_inserter(found),
                 [&](const net::Route& route) { return route.key.destination == destination; });
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.key.metric < b.key.metric; });
  return found;
}

/// Index of the selected NIC, or the reason why none is.
net::Result<std::size_t> selected_index(const observed::NodeNetwork& network,
                                        std::span<const net::Link> links, const NicSelector& selector,
                                        const std::optional<net::MacAddress>& primary) {
  if (std::holds_alternative<PrimaryNic>(selector)) {
    const auto index = primary ? index_of(network, *primary) : std::size_t{0};
    if (index) return *index;
    return net::failure(
        ENODEV, fmt::format("the primary NIC, {}, is not among those that IMDS names: {}; links here: {}",
                            primary->text(), macs_of(network), macs_here(links)));
  }
  const auto selects = [&](const observed::Nic& nic) {
    if (const auto* mac = std::get_if<net::MacAddress>(&selector)) return nic.mac == *mac;
    if (const auto* named = std::get_if<LinkNamed>(&selector)) {
      const auto link = find_link(nic, links);
      return link && link->name == named->name;
    }
    const auto& subnet = std::get<net::Prefix>(selector);
    return std::any_of(nic.subnets.begin(), nic.subnets.end(),
                       [&subnet](const net::Prefix& each) { return subnet.contains(each); });
  };
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < network.nics.size(); ++i) {
    if (selects(network.nics[i])) chosen.push_back(i);
  }
  if (chosen.size() == 1) return chosen.front();
  return net::failure(
      chosen.empty() ? ENODEV : ENOTUNIQ,
      fmt::format("nic.select = \"{}\" fits {} of the {} NICs that Azure names: {}", selector_text(selector),
                  chosen.empty() ? "none" : "several", network.nics.size(),
                  chosen.empty() ? "check the selector, and whether the NIC is attached" : "select by mac:"));
}

std::optional<net::Prefix> subnet_around(const observed::Nic& nic, const net::Link& link,
                                         const net::Address& address) {
  if (const auto subnet = nic.subnet_of(address)) return subnet;
  for (const auto& each : link.addresses) {
    if (each.address == address && each.prefix_length < net::address_bits(address.family())) {
      return *net::Prefix::around(address, each.prefix_length);
    }
  }
  return std::nullopt;
}

std::optional<Gateway> default_router(const PlatformRoutes& platform_routes, net::Family family,
                                      std::uint32_t device, const std::optional<net::Prefix>& inside) {
  const net::Route* best = nullptr;
  for (const auto& route : platform_routes.routes) {
    const bool usable = route.key.destination == net::Prefix::any(family) && route.device == device &&
                        route.gateway && (!inside || inside->contains(*route.gateway));
    if (usable && (best == nullptr || route.key.metric < best->key.metric)) best = &route;
  }
  if (best == nullptr) return std::nullopt;
  return Gateway{
      .address = *best->gateway, .assumed = false, .protocol = best->protocol, .metric = best->key.metric};
}

bool has_default_route(const PlatformRoutes& platform_routes, net::Family family) {
  return std::any_of(
      platform_routes.routes.begin(), platform_routes.routes.end(), [family](const net::Route& route) {
        return route.key.destination == net::Prefix::any(family) && net::leads_somewhere(route.type);
      });
}

std::optional<Gateway> gateway_v4(const observed::Nic& nic, const net::Link& link,
                                  const PlatformRoutes& platform_routes) {
  const auto address = nic.primary(net::Family::ipv4);
  if (!address) return std::nullopt;
  const auto subnet = subnet_around(nic, link, *address);
  if (!subnet) return std::nullopt;
  if (const auto router = default_router(platform_routes, net::Family::ipv4, link.index, subnet))
    return router;
  const auto first = subnet->first_host();
  if (!first) return std::nullopt;
  // A secondary NIC often has no default route of its own, and needs none.
  return Gateway{.address = *first, .assumed = !has_default_route(platform_routes, net::Family::ipv4)};
}

std::optional<Gateway> gateway_v6(const observed::Nic& nic, const net::Link& link,
                                  const PlatformRoutes& platform_routes) {
  if (!nic.primary(net::Family::ipv6)) return std::nullopt;
  if (const auto router = default_router(platform_routes, net::Family::ipv6, link.index, std::nullopt))
    return router;
  return Gateway{.address = *net::Address::parse(kAzureIpv6Gateway), .assumed = true};
}

}  // namespace

net::Result<net::Link> find_link(const observed::Nic& nic, std::span<const net::Link> links) {
  std::vector<const net::Link*> bearers;
  std::vector<const net::Link*> free_bearers;
  for (const auto& link : links) {
    if (link.mac != nic.mac || link.loopback) continue;
    bearers.push_back(&link);
    if (!enslaved(link)) free_bearers.push_back(&link);
  }
  if (free_bearers.empty()) {
    for (const auto* bearer : bearers) {
      for (const auto& master : links) {
        if (master.index == bearer->master && holds_address_of(nic, master)) return master;
      }
    }
    return net::failure(
        ENODEV, bearers.empty()
                    ? fmt::format("no link has the MAC {} that Azure names; links here: {}", nic.mac.text(),
                                  macs_here(links))
                    : fmt::format("every link with the MAC {} that Azure names is enslaved ({}) and "
                                  "no master holds its address",
                                  nic.mac.text(), names_of(bearers)));
  }
  if (free_bearers.size() == 1) return *free_bearers.front();
  std::vector<const net::Link*> holders;
  for (const auto* link : free_bearers) {
    if (holds_address_of(nic, *link)) holders.push_back(link);
  }
  if (holders.size() == 1) return *holders.front();
  return net::failure(ENOTUNIQ,
                      fmt::format("{} links have the MAC {} that Azure names ({}) and {} of them its address",
                                  free_bearers.size(), nic.mac.text(), names_of(free_bearers),
                                  holders.empty() ? "none" : "more than one"));
}

bool matches_any_link(const observed::NodeNetwork& network, std::span<const net::Link> links) {
  return std::any_of(network.nics.begin(), network.nics.end(), [links](const observed::Nic& nic) {
    return std::any_of(links.begin(), links.end(),
                       [&nic](const net::Link& link) { return link.mac == nic.mac; });
  });
}

std::string unlike_any_link(const observed::NodeNetwork& network, std::span<const net::Link> links) {
  return fmt::format("no link has a MAC that IMDS names: {}; links here: {}", macs_of(network),
                     macs_here(links));
}

std::vector<net::MacAddress> macs_of_platform_routes(std::span<const net::Link> links,
                                                     const PlatformRoutes& platform_routes) {
  std::vector<net::MacAddress> macs;
  for (const auto& route : routes_to_platform(platform_routes)) {
    const auto link = std::find_if(links.begin(), links.end(),
                                   [&](const net::Link& each) { return each.index == route.device; });
    if (link == links.end() || !link->mac || link->loopback) continue;
    if (std::find(macs.begin(), macs.end(), *link->mac) == macs.end()) macs.push_back(*link->mac);
  }
  return macs;
}

std::optional<net::MacAddress> shown_primary(const observed::NodeNetwork& network,
                                             std::span<const net::Link> links,
                                             const PlatformRoutes& platform_routes,
                                             const std::optional<net::MacAddress>& remembered) {
  auto macs = macs_of_platform_routes(links, platform_routes);
  std::erase_if(macs, [&network](const auto& mac) { return !index_of(network, mac); });
  if (macs.empty()) return std::nullopt;
  if (remembered && std::find(macs.begin(), macs.end(), *remembered) != macs.end()) return remembered;
  return macs.front();
}

std::optional<net::MacAddress> effective_primary(const observed::NodeNetwork& network,
                                                 std::span<const net::Link> links,
                                                 const std::optional<net::MacAddress>& remembered) {
  if (!remembered || index_of(network, *remembered)) return remembered;
  const bool is_here = std::any_of(links.begin(), links.end(),
                                   [&remembered](const net::Link& link) { return link.mac == *remembered; });
  return is_here ? remembered : std::nullopt;
}

namespace {

/// A virtual function that is not enslaved yet may have got the NIC's address, too (azure-vm-utils#106): the
/// NIC is the one that leads to the platform.
std::optional<net::Link> link_to_platform(const observed::Nic& nic, std::span<const net::Link> links,
                                          const PlatformRoutes& platform_routes) {
  std::optional<net::Link> found;
  for (const auto& route : routes_to_platform(platform_routes)) {
    const auto link = std::find_if(links.begin(), links.end(), [&](const net::Link& each) {
      return each.index == route.device && each.mac == nic.mac && !enslaved(each) &&
             holds_address_of(nic, each);
    });
    if (link == links.end()) continue;
    if (found && found->index != link->index) return std::nullopt;
    found = *link;
  }
  return found;
}

}  // namespace

NicResolution resolve_nic(const observed::NodeNetwork& network, std::span<const net::Link> links,
                          const PlatformRoutes& platform_routes, const NicSelector& selector,
                          const std::optional<net::MacAddress>& primary) {
  const auto selected = selected_index(network, links, selector, primary);
  if (!selected) return {.nic = std::nullopt, .problem = selected.error().what};
  const auto& nic = network.nics[*selected];
  auto link = find_link(nic, links);
  if (!link && link.error().code.value() == ENOTUNIQ) {
    if (auto leading = link_to_platform(nic, links, platform_routes)) link = std::move(*leading);
  }
  if (!link) return {.nic = std::nullopt, .problem = link.error().what};
  return {.nic = ResolvedNic{.azure = nic,
                             .link = *link,
                             .primary = primary ? nic.mac == *primary : *selected == 0,
                             .gateway_v4 = gateway_v4(nic, *link, platform_routes),
                             .gateway_v6 = gateway_v6(nic, *link, platform_routes)},
          .problem = ""};
}

}  // namespace node
