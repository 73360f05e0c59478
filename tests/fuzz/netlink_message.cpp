// Whatever arrives on a netlink socket: the decoders refuse it or keep their promises, and what they accept
// can be said again.
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "netlink/codecs.h"
#include "netlink/message.h"

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

/// A route that was understood is one that a removal can name, in a message that says the same again. What a
/// message cannot hold is refused.
void say_again(const net::Route& route) {
  const auto family = route.key.destination.family();
  demand(!route.gateway || route.gateway->family() == family);
  demand(!route.source || route.source->family() == family);
  demand(net::leads_somewhere(route.type) || (!route.gateway && route.device == 0));
  demand(!net::route_text(route).empty());
  const auto message = netlink::encode_route(net::Verb::remove, route);
  if (!message) {
    demand(route.type == net::RouteType::other);
    return;
  }
  auto wanted = route;
  const bool names_the_key_alone = wanted.multipath && family == net::Family::ipv4;
  wanted.multipath = wanted.extra_attributes = false;
  if (names_the_key_alone) {
    wanted.gateway.reset();
    wanted.source.reset();
    wanted.device = 0;
  }
  if (family == net::Family::ipv6 && wanted.key.metric == 0) wanted.key.metric = 1024;
  demand(netlink::decode_route(message->header()) == wanted);
}

void say_again(const net::Rule& rule) {
  demand(!netlink::rule_text(rule).empty());
  const auto message = netlink::encode_rule(net::Verb::remove, rule);
  demand(message.has_value());
  const auto again = netlink::decode_rule(message->header());
  demand(again && again->source == rule.source && again->priority == rule.priority &&
         again->table == rule.table && again->protocol == rule.protocol);
}

void take(const nlmsghdr& header) {
  const auto gist = netlink::header_of_route(header);
  if (const auto route = netlink::decode_route(header)) {
    say_again(*route);
    for (const auto& hop : netlink::next_hops_of(header, *route)) {
      demand(hop.key == route->key && hop.multipath == route->multipath);
      say_again(hop);
    }
    demand(gist ? gist->protocol == route->protocol : header.nlmsg_type == RTM_DELROUTE);
  }
  const auto rule = netlink::decode_rule(header);
  if (rule) say_again(*rule);
  const auto selector = netlink::decode_policy_rule(header);
  demand(!selector || (rule && selector->source == rule->source && selector->table == rule->table));
  if (const auto link = netlink::decode_link(header)) {
    demand(link->index != 0 && link->addresses.empty());
    demand(!link->vxlan || link->kind == "vxlan");
  }
  const auto neighbour = netlink::decode_neighbour(header);
  const auto entry = netlink::decode_forwarding(header);
  demand(!neighbour || neighbour->device != 0);
  // A permanent neighbour is one in any state, too.
  const auto any_state = neighbour
                             ? netlink::decode_neighbour_entry(header, neighbour->device, neighbour->address)
                             : std::optional<observed::NeighbourEntry>();
  demand(!neighbour || (any_state && any_state->mac == neighbour->mac));
  if (const auto source = netlink::decode_source(header)) demand(header.nlmsg_type == RTM_NEWROUTE);
  demand(!entry || (entry->device != 0 && !neighbour));
  if (const auto address = netlink::decode_address(header)) {
    demand(address->address.prefix_length <= net::address_bits(address->address.address.family()));
  }
  if (const auto notification = netlink::decode_notification(header))
    demand(notification->removed_by == header.nlmsg_pid);
  const auto outcome = netlink::outcome_in(header);
  demand(outcome.error >= 0 && outcome.words.empty() == (outcome.error == 0));
  (void)netlink::is_cloned_route(header);
}

}  // namespace

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // On the heap and of exactly this size, so that AddressSanitizer sees any read beyond; aligned as messages.
  std::vector<std::byte> datagram(size);
  if (size > 0) std::memcpy(datagram.data(), data, size);
  netlink::for_each_message(datagram, take);
  return 0;
}
