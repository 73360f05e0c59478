#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/names.h"
#include "net/prefix.h"

namespace net {

constexpr std::uint32_t kMainTable = 254;  ///< RT_TABLE_MAIN, linux/rtnetlink.h

/// What the route does; the values are RTN_* of linux/rtnetlink.h.
enum class RouteType : std::uint8_t {
  unicast = 1,
  local = 2,
  broadcast = 3,
  anycast = 4,
  multicast = 5,
  blackhole = 6,
  unreachable = 7,
  prohibit = 8,
  throw_on = 9,  ///< "throw": continue with the next rule
  other = 255,
};

inline constexpr auto kRouteTypeNames =
    std::to_array<Named<RouteType>>({{RouteType::unicast, "unicast"},
                                     {RouteType::local, "local"},
                                     {RouteType::broadcast, "broadcast"},
                                     {RouteType::anycast, "anycast"},
                                     {RouteType::multicast, "multicast"},
                                     {RouteType::blackhole, "blackhole"},
                                     {RouteType::unreachable, "unreachable"},
                                     {RouteType::prohibit, "prohibit"},
                                     {RouteType::throw_on, "throw"},
                                     {RouteType::other, "other"}});

/// ip-route(8)'s word.
constexpr std::string_view route_type_name(RouteType type) { return name_of(kRouteTypeNames, type); }

/// True for types that name a next hop or device; the others have none.
constexpr bool leads_somewhere(RouteType type) {
  return type != RouteType::blackhole && type != RouteType::unreachable && type != RouteType::prohibit &&
         type != RouteType::throw_on;
}

/// What the kernel holds unique: two routes with one key cannot be told apart by RTM_NEWROUTE|NLM_F_REPLACE.
struct RouteKey {
  std::uint32_t table = 0;
  Prefix destination;
  std::uint32_t metric = 0;
  std::uint8_t tos = 0;

  auto operator<=>(const RouteKey&) const = default;
};

struct Route {
  RouteKey key;
  RouteType type = RouteType::unicast;
  /// RTPROT_*: who owns the route.
  std::uint8_t protocol = 0;
  std::optional<Address> gateway;
  /// Output device; 0 for types that lead nowhere (the kernel's `dev lo` of IPv6 rejects is dropped at the
  /// door).
  std::uint32_t device = 0;
  /// Preferred source (RTA_PREFSRC).
  std::optional<Address> source;
  /// One of several next hops of one key: never what the agent makes. An IPv6 key may have next hops of
  /// several owners, and the kernel reports the first one's protocol alone: a dump shows each next hop as a
  /// route of its own, under that protocol. An IPv4 route of several next hops, or of a next-hop object, is
  /// one route with neither gateway nor device.
  bool multipath = false;
  /// It bears what the agent never sets, and is therefore not what the agent made: metrics (`mtu lock 296`),
  /// an encapsulation, realms, an expiry, `onlink`, another scope or router preference.
  bool extra_attributes = false;

  bool operator==(const Route&) const = default;
};

/// Both hand packets to the same next hop, or drop them in the same way.
bool leads_the_same_way(const Route& one, const Route& other);

/// "blackhole 10.1.0.0/24 table 254 metric 1000000 protocol 169", in ip-route(8)'s order; a device is `dev
/// #3` unless its name is given.
std::string route_text(const Route& route, std::string_view device_name = {});

}  // namespace net
