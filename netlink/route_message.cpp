#include "netlink/codecs.h"

#include <linux/icmpv6.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "netlink/attributes.h"

namespace netlink {
namespace {

/// IP6_RT_PRIO_USER, include/net/ip6_fib.h.
constexpr std::uint32_t kIpv6DefaultMetric = 1024;

constexpr auto kRoutePolicy =
    u32_policy<RTA_MAX>({RTA_TABLE, RTA_PRIORITY, RTA_OIF, RTA_NH_ID, RTA_FLOW, RTA_EXPIRES});
using ParsedRoute = Parsed<rtmsg, RTA_MAX + 1>;

/// The table number fits the header only up to 255; RTA_TABLE carries every one.
std::uint8_t short_table(std::uint32_t table) {
  return table < 256 ? static_cast<std::uint8_t>(table) : std::uint8_t{RT_TABLE_COMPAT};
}

/// As ip-route(8) chooses it: what leads to a gateway is universe, what ends on this link is link, what ends
/// in this machine is host.
std::uint8_t scope_of(net::Verb verb, const net::Route& route) {
  if (verb == net::Verb::remove) return RT_SCOPE_NOWHERE;
  switch (route.type) {
    case net::RouteType::local:
      return RT_SCOPE_HOST;
    case net::RouteType::unicast:
      return route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    case net::RouteType::broadcast:
    case net::RouteType::anycast:
    case net::RouteType::multicast:
      return RT_SCOPE_LINK;
    default:
      return RT_SCOPE_UNIVERSE;
  }
}

net::RouteType type_of(std::uint8_t type) {
  return type >= RTN_UNICAST && type <= RTN_THROW ? static_cast<net::RouteType>(type) : net::RouteType::other;
}

/// What the agent's own message would have set none of. RTA_CACHEINFO stands in every IPv6 route.
bool has_extra_attributes(const ParsedRoute& parsed, const net::Route& route) {
  constexpr std::uint32_t kAskedFor = RTNH_F_ONLINK | RTNH_F_PERVASIVE;  // the other flags are states
  const auto& fixed = parsed.fixed;
  if ((fixed.rtm_flags & kAskedFor) != 0) return true;
  for (const int attribute : {RTA_METRICS, RTA_ENCAP_TYPE, RTA_FLOW, RTA_EXPIRES, RTA_VIA}) {
    if (parsed.has(attribute)) return true;
  }
  const auto cache = number_in<rta_cacheinfo>(parsed[RTA_CACHEINFO]);
  if (cache && cache->rta_expires != 0) return true;
  const auto preference = number_in<std::uint8_t>(parsed[RTA_PREF]);
  if (preference && *preference != ICMPV6_ROUTER_PREF_MEDIUM) return true;
  return fixed.rtm_family == AF_INET && !route.multipath && fixed.rtm_scope != RT_SCOPE_NOWHERE &&
         fixed.rtm_scope != scope_of(net::Verb::add, route);
}

std::uint32_t metric_of(const net::RouteKey& key) {
  return key.metric == 0 && key.destination.family() == net::Family::ipv6 ? kIpv6DefaultMetric : key.metric;
}

/// Why the kernel must not get this change: it would take the first four bytes of an IPv6 gateway, say. Empty
/// when it may.
std::string_view objection(net::Verb verb, const net::Route& route) {
  const auto family = route.key.destination.family();
  if (route.type == net::RouteType::other) return "the agent makes no routes of this type";
  if (route.multipath && verb != net::Verb::remove) return "the agent makes no multipath routes";
  if (route.extra_attributes && verb != net::Verb::remove) return "the agent sets no such attributes";
  if (route.gateway && route.gateway->family() != family) return "the gateway is of the other family";
  if (route.source && route.source->family() != family) return "the source is of the other family";
  return {};
}

}  // namespace

net::Result<Message> encode_route(net::Verb verb, const net::Route& route) {
  Message message;
  if (const auto encoded = encode_route(message, verb, route); !encoded) return net::pass_on(encoded);
  return message;
}

net::Result<void> encode_route(Message& message, net::Verb verb, const net::Route& route) {
  if (const auto reason = objection(verb, route); !reason.empty()) {
    return net::failure(EINVAL, std::string(reason));
  }
  const bool removal = verb == net::Verb::remove;
  int flags = NLM_F_REQUEST;
  if (!removal) flags |= NLM_F_CREATE | (verb == net::Verb::add ? NLM_F_EXCL : NLM_F_REPLACE);

  const auto& destination = route.key.destination;
  rtmsg header{};
  header.rtm_family = family_number(destination.family());
  header.rtm_dst_len = destination.length();
  header.rtm_tos = route.key.tos;
  header.rtm_table = short_table(route.key.table);
  header.rtm_protocol = route.protocol;
  header.rtm_scope = scope_of(verb, route);
  header.rtm_type = static_cast<std::uint8_t>(route.type);
  message.restart(removal ? RTM_DELROUTE : RTM_NEWROUTE, flags, header);

  message.put(RTA_DST, destination.network());
  message.put(RTA_TABLE, route.key.table);
  message.put(RTA_PRIORITY, metric_of(route.key));
  // IPv4 would look for a route of this single next hop (fib_nh_match() in net/ipv4/fib_semantics.c).
  if (route.multipath && destination.family() == net::Family::ipv4) return {};
  if (route.gateway) message.put(RTA_GATEWAY, *route.gateway);
  if (route.device != 0) message.put(RTA_OIF, route.device);
  if (route.source) message.put(RTA_PREFSRC, *route.source);
  return {};
}

Message encode_route_dump(net::Family family, std::uint8_t protocol, std::uint32_t table) {
  rtmsg header{};  // strict checking wants every field that is no filter to be 0
  header.rtm_family = family_number(family);
  header.rtm_protocol = protocol;
  Message message(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, header);
  if (table != 0) message.put(RTA_TABLE, table);
  return message;
}

namespace {

Message encode_lookup(const net::Flow& flow, unsigned flags) {
  const auto& destination = flow.to;
  rtmsg header{};
  header.rtm_family = family_number(destination.family());
  header.rtm_dst_len = static_cast<std::uint8_t>(net::address_bits(destination.family()));
  header.rtm_flags = flags;
  // IPv6 sends the table anyway, and refuses the flag.
  if (destination.family() == net::Family::ipv4) header.rtm_flags |= RTM_F_LOOKUP_TABLE;
  if (flow.from) header.rtm_src_len = header.rtm_dst_len;
  header.rtm_tos = flow.tos;
  Message message(RTM_GETROUTE, NLM_F_REQUEST, header);
  message.put(RTA_DST, destination);
  if (flow.from) message.put(RTA_SRC, *flow.from);
  if (flow.incoming != 0) message.put(RTA_IIF, flow.incoming);
  if (flow.ip_protocol != 0) message.put_byte(RTA_IP_PROTO, flow.ip_protocol);
  if (flow.source_port != 0) message.put_port(RTA_SPORT, flow.source_port);
  if (flow.destination_port != 0) message.put_port(RTA_DPORT, flow.destination_port);
  return message;
}

}  // namespace

Message encode_route_lookup(const net::Flow& flow) { return encode_lookup(flow, RTM_F_FIB_MATCH); }

Message encode_source_lookup(const net::Flow& flow) { return encode_lookup(flow, 0); }

std::optional<net::Route> decode_route(const nlmsghdr& header) {
  if (header.nlmsg_type != RTM_NEWROUTE && header.nlmsg_type != RTM_DELROUTE) return std::nullopt;
  const auto parsed = parse<rtmsg>(header, kRoutePolicy);
  if (!parsed) return std::nullopt;
  const auto& fixed = parsed->fixed;
  const bool ipv4 = fixed.rtm_family == AF_INET;
  if ((!ipv4 && fixed.rtm_family != AF_INET6) || fixed.rtm_src_len != 0) return std::nullopt;
  const auto family = ipv4 ? net::Family::ipv4 : net::Family::ipv6;

  const auto network = parsed->has(RTA_DST) ? address_in((*parsed)[RTA_DST]) : net::Address::any(family);
  if (!network || network->family() != family) return std::nullopt;
  const auto destination = net::Prefix::around(*network, fixed.rtm_dst_len);
  if (!destination) return std::nullopt;

  net::Route route;
  route.key = {.table = parsed->u32(RTA_TABLE, fixed.rtm_table),
               .destination = *destination,
               .metric = parsed->u32(RTA_PRIORITY, 0),
               .tos = fixed.rtm_tos};
  route.type = type_of(fixed.rtm_type);
  route.protocol = fixed.rtm_protocol;
  route.multipath = parsed->has(RTA_MULTIPATH) || parsed->has(RTA_NH_ID);
  if (const auto source = address_in((*parsed)[RTA_PREFSRC]); source && source->family() == family) {
    route.source = source;
  }
  if (net::leads_somewhere(route.type) && !(route.multipath && ipv4)) {
    if (const auto gateway = address_in((*parsed)[RTA_GATEWAY]); gateway && gateway->family() == family) {
      route.gateway = gateway;
    }
    route.device = parsed->u32(RTA_OIF, 0);
  }
  route.extra_attributes = has_extra_attributes(*parsed, route);
  return route;
}

std::optional<net::Address> decode_source(const nlmsghdr& header) {
  if (header.nlmsg_type != RTM_NEWROUTE) return std::nullopt;
  const auto parsed = parse<rtmsg>(header, kRoutePolicy);
  if (!parsed) return std::nullopt;
  const auto source = address_in((*parsed)[RTA_PREFSRC]);
  return source && family_number(source->family()) == parsed->fixed.rtm_family ? source : std::nullopt;
}

std::vector<net::Route> next_hops_of(const nlmsghdr& header, const net::Route& route) {
  const auto parsed = parse<rtmsg>(header, kRoutePolicy);
  std::vector<net::Route> hops;
  const auto* list = parsed ? (*parsed)[RTA_MULTIPATH] : nullptr;
  const bool has_hops =
      route.key.destination.family() == net::Family::ipv6 && net::leads_somewhere(route.type);
  if (list == nullptr || !has_hops) return {route};
  const auto* at = static_cast<const std::byte*>(nla_data(list));
  auto left = static_cast<std::size_t>(nla_len(list));
  rtnexthop hop{};
  while (left >= sizeof(hop)) {
    std::memcpy(&hop, at, sizeof(hop));
    if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left) break;
    auto& part = hops.emplace_back(route);
    part.device = static_cast<std::uint32_t>(hop.rtnh_ifindex);
    const auto* attributes = reinterpret_cast<const nlattr*>(at + NLMSG_ALIGN(sizeof(hop)));
    const auto size = static_cast<int>(hop.rtnh_len - std::min<std::size_t>(hop.rtnh_len, sizeof(hop)));
    const auto gateway = address_in(nla_find(attributes, size, RTA_GATEWAY));
    if (gateway && gateway->family() == net::Family::ipv6) part.gateway = gateway;
    const auto step = std::min<std::size_t>(left, NLMSG_ALIGN(hop.rtnh_len));
    at += step;
    left -= step;
  }
  return hops.empty() ? std::vector{route} : hops;
}

std::optional<RouteHeader> header_of_route(const nlmsghdr& header) {
  if (header.nlmsg_type != RTM_NEWROUTE || nlmsg_valid_hdr(&header, sizeof(rtmsg)) == 0) return std::nullopt;
  rtmsg fixed{};
  std::memcpy(&fixed, nlmsg_data(&header), sizeof(fixed));
  const auto* device =
      nla_find(nlmsg_attrdata(&header, sizeof(rtmsg)), nlmsg_attrlen(&header, sizeof(rtmsg)), RTA_OIF);
  return RouteHeader{.protocol = fixed.rtm_protocol, .device = number_in<std::uint32_t>(device).value_or(0)};
}

bool is_cloned_route(const nlmsghdr& header) {
  if (nlmsg_valid_hdr(&header, sizeof(rtmsg)) == 0) return false;
  rtmsg fixed{};
  std::memcpy(&fixed, nlmsg_data(&header), sizeof(fixed));
  return (fixed.rtm_flags & RTM_F_CLONED) != 0;
}

}  // namespace netlink
