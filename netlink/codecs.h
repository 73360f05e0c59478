#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/change.h"
#include "net/error.h"
#include "net/kernel.h"
#include "net/link.h"
#include "net/route.h"
#include "net/route_watch.h"
#include "net/rule.h"
#include "netlink/message.h"
#include "observed/data_plane.h"
#include "observed/neighbour_entry.h"

struct nlmsghdr;

namespace netlink {

/// RTM_NEWROUTE or RTM_DELROUTE for the change.
///
/// - add: NLM_F_CREATE|NLM_F_EXCL. EEXIST for a key that anybody has: table, prefix, TOS and priority in
///   fib_table_insert() (net/ipv4/fib_trie.c), table, prefix and metric in fib6_add_rt2node()
///   (net/ipv6/ip6_fib.c).
/// - replace: NLM_F_CREATE|NLM_F_REPLACE. With CREATE, since a route that vanished after the dump is better
///   put back than refused; where the key is taken, both forms overwrite alike.
///   What is left is a race of the milliseconds between dump and send: a foreign route that takes our key in
///   them is overwritten, since rtnetlink has no compare-and-swap. Where one key has several routes (`ip
///   route append`), IPv4 overwrites the first, and IPv6 the first that can be a multipath sibling alike
///   (with a gateway or without), siblings included; else the first.
/// - remove: names protocol, type, table, metric and the next hop, exactly as the dump had them; the next hop
///   because otherwise IPv4 takes the first route of the key (of two of ours perhaps the wrong one), and IPv6
///   also removes foreign next hops of the multipath route (measured, 6.18). ESRCH for a next hop of an IPv6
///   key that bears another protocol (ip6_route_del() compares each one's). Scope RT_SCOPE_NOWHERE matches
///   any. IPv4 metric 0 matches any metric, but the lowest comes first (fib_table_delete()).
///
/// IPv6 metric 0 is sent as 1024 (IP6_RT_PRIO_USER), which the kernel makes of it anyway when it adds, but
/// not when it removes: there 0 matches any.
///
/// EINVAL: no message expresses this: a gateway or source of the other family, a type beyond RTN_THROW, or
/// (but for remove) one of several next hops or extra attributes.
net::Result<Message> encode_route(net::Verb verb, const net::Route& route);
/// The same in the memory of another message: for batches.
net::Result<void> encode_route(Message& message, net::Verb verb, const net::Route& route);

/// RTM_GETROUTE for a dump of one family; 0 = any protocol, 0 = every table. Kernels before 4.20 filter
/// nothing.
Message encode_route_dump(net::Family family, std::uint8_t protocol, std::uint32_t table);

/// RTM_GETROUTE for the entry that matches the address (RTM_F_FIB_MATCH), with the table that holds it. While
/// no rule was ever made, IPv4 keeps table local inside main and reports main for both (fib_unmerge()).
Message encode_route_lookup(const net::Flow& flow);

/// The same for the route as this packet takes it, with the source address that the kernel chooses.
Message encode_source_lookup(const net::Flow& flow);

/// The source address of the answer (RTA_PREFSRC): IPv6 shows such routes with `from ::`, which
/// decode_route() takes for no route of ours. nullopt: it has none, or these bytes are no route. Safe for any
/// bytes of a whole message.
std::optional<net::Address> decode_source(const nlmsghdr& header);

/// nullopt for bytes that are no route, for other families and for IPv6 routes with a source prefix (`from`),
/// which net::Route does not express. Safe for any bytes of a whole message. A route's `dev` is dropped where
/// its type leads nowhere (IPv6 shows `dev lo`), and a gateway of the other family (RTA_VIA) is not shown. A
/// route of several next hops has none here.
std::optional<net::Route> decode_route(const nlmsghdr& header);

/// Of an IPv6 route that decode_route() found to have several next hops: each as a route of its own. The
/// route itself where there is nothing to part.
std::vector<net::Route> next_hops_of(const nlmsghdr& header, const net::Route& route);

/// What shows that a route is not wanted before it is decoded: a quarter of the work, for tables that others
/// fill.
struct RouteHeader {
  std::uint8_t protocol = 0;
  std::uint32_t device = 0;  ///< 0: of no single one
};
/// nullopt for bytes that are no route. Safe for any bytes of a whole message.
std::optional<RouteHeader> header_of_route(const nlmsghdr& header);

/// True for a cache entry (RTM_F_CLONED): no route that anybody made.
bool is_cloned_route(const nlmsghdr& header);

/// RTM_NEWRULE or RTM_DELRULE for `from SOURCE lookup TABLE`.
///
/// - add: NLM_F_CREATE|NLM_F_EXCL. EEXIST where the very same rule stands; one of another protocol may stand
///   beside it (rule_exists() in net/core/fib_rules.c).
/// - remove: names protocol, priority, table and source; ENOENT where no rule has them all. A source of
///   length 0 matches any. Of a rule with a foreign shape the rest is not known: the first one that agrees
///   goes.
///
/// EINVAL: no message expresses this: replace, or add with a foreign shape.
net::Result<Message> encode_rule(net::Verb verb, const net::Rule& rule);

/// RTM_GETRULE for a dump of one family; the kernel has no filter for it.
Message encode_rule_dump(net::Family family);

/// nullopt for other families and bytes that are no rule. Safe for any bytes of a whole message.
std::optional<net::Rule> decode_rule(const nlmsghdr& header);

/// The same of any rule, with what it chooses packets by.
std::optional<net::PolicyRule> decode_policy_rule(const nlmsghdr& header);

/// "from 10.1.0.0/24 lookup 16925 priority 100 protocol 169", in ip-rule(8)'s order.
std::string rule_text(const net::Rule& rule);

/// RTM_GETLINK for a dump without statistics and VF details: with a hundred VFs those alone are longer than a
/// datagram.
Message encode_link_dump();
/// RTM_GETADDR for a dump of both families.
Message encode_address_dump();

/// The link without its addresses; nullopt for bytes that are no link, messages of bridge ports (AF_BRIDGE)
/// included. Safe for any bytes of a whole message.
std::optional<net::Link> decode_link(const nlmsghdr& header);

/// An address and the index of its link.
struct AddressOnLink {
  std::uint32_t index = 0;
  net::LinkAddress address;

  bool operator==(const AddressOnLink&) const = default;
};
/// nullopt for other families, for bytes that are no address, and for an IPv6 duplicate (IFA_F_DADFAILED),
/// which the kernel does not use. Safe for any bytes of a whole message.
std::optional<AddressOnLink> decode_address(const nlmsghdr& header);

/// RTM_GETNEIGH for a dump of the ARP and ND entries of one link.
Message encode_neighbour_dump(std::uint32_t device);
/// RTM_GETNEIGH for a dump of the forwarding database of one vxlan link; where it is a port of a bridge, what
/// the bridge knows of the port is dumped too.
///
/// Kernels before 5.0 do not filter it: the entries' own device decides.
Message encode_forwarding_dump(std::uint32_t device);

/// A permanent entry (NUD_PERMANENT); nullopt for what the kernel learned or makes of itself (multicast),
/// for other families and for bytes that are none. Safe for any bytes of a whole message.
std::optional<observed::Neighbour> decode_neighbour(const nlmsghdr& header);

/// The link's entry of that address, in any state; nullopt for others and for bytes that are none. Safe for
/// any bytes of a whole message.
std::optional<observed::NeighbourEntry> decode_neighbour_entry(const nlmsghdr& header, std::uint32_t device,
                                                               const net::Address& address);

/// nullopt for the entry of a bridge, and for bytes that are none. The MAC 00:00:00:00:00:00 is where what
/// has no entry of its own goes. Safe for any bytes of a whole message.
std::optional<observed::ForwardingEntry> decode_forwarding(const nlmsghdr& header);

/// The notification in a message; nullopt for what is none (cached routes, other types). One that cannot be
/// understood in full still means that something changed. Safe for any bytes of a whole message.
std::optional<net::Notification> decode_notification(const nlmsghdr& header);

}  // namespace netlink
