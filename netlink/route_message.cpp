#include "netlink/route_message.h"

#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <cstring>
#include <new>

#include "netlink/attributes.h"

namespace netlink {
namespace {

void put_address(nl_msg& message, int attribute, const net::Address& address) {
  const auto bytes = address.bytes();
  if (nla_put(&message, attribute, static_cast<int>(bytes.size()), bytes.data()) < 0) throw std::bad_alloc();
}

void put_u32(nl_msg& message, int attribute, std::uint32_t value) {
  if (nla_put_u32(&message, attribute, value) < 0) throw std::bad_alloc();
}

unsigned char family_of(net::Family family) { return family == net::Family::ipv4 ? AF_INET : AF_INET6; }

/// The table number fits the header only up to 255; RTA_TABLE carries every one.
unsigned char short_table(std::uint32_t table) {
  return static_cast<unsigned char>(table < 256 ? table : static_cast<std::uint32_t>(RT_TABLE_COMPAT));
}

unsigned char scope_of(net::Verb verb, const net::Route& route) {
  if (verb == net::Verb::remove) return RT_SCOPE_NOWHERE;
  const bool on_link = net::leads_somewhere(route.type) && !route.gateway;
  return on_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

net::RouteType type_of(unsigned char type) {
  return type >= RTN_UNICAST && type <= RTN_THROW ? static_cast<net::RouteType>(type) : net::RouteType::other;
}

/// What RTA_ attributes must look like; anything else is refused by nlmsg_parse().
std::array<nla_policy, RTA_MAX + 1> route_policy() {
  std::array<nla_policy, RTA_MAX + 1> policy{};
  for (const int attribute : {RTA_TABLE, RTA_PRIORITY, RTA_OIF, RTA_NH_ID}) {
    policy.at(static_cast<std::size_t>(attribute)).type = NLA_U32;
  }
  return policy;
}

}  // namespace

Message encode_route(net::Verb verb, const net::Route& route) {
  const bool removal = verb == net::Verb::remove;
  int flags = NLM_F_REQUEST;
  if (!removal) flags |= NLM_F_CREATE | (verb == net::Verb::add ? NLM_F_EXCL : NLM_F_REPLACE);
  auto message = make_message(removal ? RTM_DELROUTE : RTM_NEWROUTE, flags);

  const auto& destination = route.key.destination;
  rtmsg header{};
  header.rtm_family = family_of(destination.family());
  header.rtm_dst_len = destination.length();
  header.rtm_tos = route.key.tos;
  header.rtm_table = short_table(route.key.table);
  header.rtm_protocol = route.protocol;
  header.rtm_scope = scope_of(verb, route);
  header.rtm_type = static_cast<unsigned char>(route.type);
  append(*message, &header, sizeof(header));

  put_address(*message, RTA_DST, destination.network());
  put_u32(*message, RTA_TABLE, route.key.table);
  put_u32(*message, RTA_PRIORITY, route.key.metric);
  if (route.gateway) put_address(*message, RTA_GATEWAY, *route.gateway);
  if (route.device != 0) put_u32(*message, RTA_OIF, route.device);
  if (route.source) put_address(*message, RTA_PREFSRC, *route.source);
  return message;
}

Message encode_route_dump(net::Family family, std::uint8_t protocol, std::uint32_t table) {
  auto message = make_message(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP);
  rtmsg header{};  // strict checking wants every field that is no filter to be 0
  header.rtm_family = family_of(family);
  header.rtm_protocol = protocol;
  header.rtm_table = table == 0 ? static_cast<unsigned char>(0) : short_table(table);
  append(*message, &header, sizeof(header));
  if (table != 0) put_u32(*message, RTA_TABLE, table);
  return message;
}

Message encode_route_lookup(const net::Address& destination, bool fib_match) {
  auto message = make_message(RTM_GETROUTE, NLM_F_REQUEST);
  rtmsg header{};
  header.rtm_family = family_of(destination.family());
  header.rtm_dst_len = static_cast<unsigned char>(net::address_bits(destination.family()));
  header.rtm_flags = fib_match ? RTM_F_FIB_MATCH : 0;
  append(*message, &header, sizeof(header));
  put_address(*message, RTA_DST, destination);
  return message;
}

std::optional<net::Route> decode_route(const nlmsghdr& header) {
  static auto policy = route_policy();
  if (header.nlmsg_type != RTM_NEWROUTE && header.nlmsg_type != RTM_DELROUTE) return std::nullopt;
  Attributes<RTA_MAX> attributes{};
  if (nlmsg_valid_hdr(&header, sizeof(rtmsg)) == 0 ||
      nlmsg_parse(const_cast<nlmsghdr*>(&header), sizeof(rtmsg), attributes.data(), RTA_MAX, policy.data()) <
          0) {
    return std::nullopt;
  }
  rtmsg fixed{};
  std::memcpy(&fixed, nlmsg_data(&header), sizeof(fixed));
  const bool ipv4 = fixed.rtm_family == AF_INET;
  if ((!ipv4 && fixed.rtm_family != AF_INET6) || (fixed.rtm_flags & RTM_F_CLONED) != 0) return std::nullopt;
  const auto family = ipv4 ? net::Family::ipv4 : net::Family::ipv6;

  const auto network =
      attributes[RTA_DST] == nullptr ? net::Address::any(family) : address_in(attributes[RTA_DST]);
  if (!network || network->family() != family) return std::nullopt;
  const auto destination = net::Prefix::around(*network, fixed.rtm_dst_len);
  if (!destination) return std::nullopt;

  net::Route route;
  route.key = {.table = u32_in(attributes[RTA_TABLE], fixed.rtm_table),
               .destination = *destination,
               .metric = u32_in(attributes[RTA_PRIORITY], 0),
               .tos = fixed.rtm_tos};
  route.type = type_of(fixed.rtm_type);
  route.protocol = fixed.rtm_protocol;
  route.source = address_in(attributes[RTA_PREFSRC]);
  route.multipath = attributes[RTA_MULTIPATH] != nullptr || attributes[RTA_NH_ID] != nullptr;
  // IPv6 shows `dev lo` for routes that lead nowhere.
  if (net::leads_somewhere(route.type)) {
    route.gateway = address_in(attributes[RTA_GATEWAY]);
    route.device = u32_in(attributes[RTA_OIF], 0);
  }
  return route;
}

}  // namespace netlink
