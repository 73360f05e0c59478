#pragma once

#include <fmt/format.h>

#include <optional>
#include <ostream>

#include "net/address.h"
#include "net/link.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/route.h"
#include "net/rule.h"
#include "observed/data_plane.h"
#include "observed/host_settings.h"

// How GoogleTest shows our values when an expectation fails: it finds PrintTo beside the type, and in no
// other way. NOLINTBEGIN(readability-identifier-naming)
namespace net {

inline void PrintTo(Family family, std::ostream* out) { *out << family_name(family); }
inline void PrintTo(const Address& address, std::ostream* out) { *out << address.text(); }
inline void PrintTo(const Prefix& prefix, std::ostream* out) { *out << prefix.text(); }
inline void PrintTo(const MacAddress& mac, std::ostream* out) { *out << mac.text(); }
inline void PrintTo(const LinkAddress& address, std::ostream* out) {
  *out << address.address.text() << '/' << +address.prefix_length;
}
inline void PrintTo(RouteType type, std::ostream* out) { *out << route_type_name(type); }
inline void PrintTo(const Route& route, std::ostream* out) {
  *out << route_text(route);
  if (route.key.tos != 0) *out << " tos " << +route.key.tos;
  if (route.multipath) *out << " multipath";
  if (route.extra_attributes) *out << " with extra attributes";
}
inline void PrintTo(const Vxlan& vxlan, std::ostream* out) {
  *out << "vxlan " << vxlan.vni << " port " << vxlan.port << " dev #" << vxlan.device
       << (vxlan.learning ? " learning" : " nolearning");
  if (vxlan.local) *out << " local " << vxlan.local->text();
}
inline void PrintTo(const Rule& rule, std::ostream* out) {
  *out << rule.priority << ": from " << rule.source.text() << " lookup " << rule.table << " protocol "
       << +rule.protocol << (rule.unknown_selectors ? " and more" : "");
}

}  // namespace net

namespace observed {

inline void PrintTo(const Neighbour& neighbour, std::ostream* out) {
  *out << neighbour.address.text() << " is " << neighbour.mac.text() << " dev #" << neighbour.device;
}
inline void PrintTo(const ForwardingEntry& entry, std::ostream* out) {
  *out << entry.mac.text() << " dev #" << entry.device;
  if (entry.destination) *out << " dst " << entry.destination->text();
}
inline void PrintTo(const ChecksumOffload& offload, std::ostream* out) {
  *out << "dev #" << offload.device << (offload.on ? " on" : " off");
}
inline void PrintTo(const FilterRule& rule, std::ostream* out) {
  const auto cidr = [](const std::optional<net::Prefix>& prefix) { return prefix ? prefix->text() : ""; };
  *out << fmt::format("[{} in{} {} out{} {} from{} {} to{} {} {}{}{}{}{} {}{}]",
                      rule.family ? net::family_name(*rule.family) : "any", rule.not_in ? "!" : "", rule.in,
                      rule.not_out ? "!" : "", rule.out, rule.not_source ? "!" : "", cidr(rule.source),
                      rule.not_destination ? "!" : "", cidr(rule.destination), rule.protocol,
                      rule.by_mark ? " by mark" : "", rule.by_felix ? " by Felix" : "",
                      rule.is_narrow ? " narrow" : "", rule.is_opaque ? " opaque" : "",
                      rule.is_goto ? "goto " : "", rule.target);
}

}  // namespace observed
// NOLINTEND(readability-identifier-naming)
