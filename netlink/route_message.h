#pragma once

#include <cstdint>
#include <optional>

#include "net/change.h"
#include "net/route.h"
#include "netlink/message.h"

namespace netlink {

/// RTM_NEWROUTE or RTM_DELROUTE for the change:
/// - add: NLM_F_CREATE|NLM_F_EXCL;
/// - replace: NLM_F_CREATE|NLM_F_REPLACE. CREATE, so that a route that vanished since the dump comes back.
/// Should a
///   stranger have taken the key in that moment, IPv4 would overwrite it (fib_table_insert() in
///   net/ipv4/fib_trie.c looks at prefix, TOS and priority only): the caller replaces only what a dump has
///   just shown to be ours.
/// - remove: names protocol, type, table, metric and next hop exactly as the dump had them; scope
/// RT_SCOPE_NOWHERE
///   matches any (fib_table_delete()).
/// IPv6 turns metric 0 into 1024 (IP6_RT_PRIO_USER, include/net/ip6_fib.h), so a metric is always named.
Message encode_route(net::Verb verb, const net::Route& route);

/// RTM_GETROUTE for a dump of one family; 0 = any protocol, 0 = every table (which only strict kernels filter
/// by).
Message encode_route_dump(net::Family family, std::uint8_t protocol, std::uint32_t table);

/// RTM_GETROUTE for the entry that matches the address; `fib_match` asks for the entry itself
/// (RTM_F_FIB_MATCH) and not for the looked-up result.
Message encode_route_lookup(const net::Address& destination, bool fib_match);

/// nullopt for other families, cloned entries and bytes that are no route. Safe for any bytes of a whole
/// message.
std::optional<net::Route> decode_route(const nlmsghdr& header);

}  // namespace netlink
