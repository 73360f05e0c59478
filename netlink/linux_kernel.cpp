#include "netlink/linux_kernel.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <optional>

#include "netlink/acknowledgement.h"
#include "netlink/batch.h"
#include "netlink/dump.h"
#include "netlink/link_message.h"
#include "netlink/route_message.h"
#include "netlink/rule_message.h"

namespace netlink {
namespace {

constexpr std::array kFamilies = {net::Family::ipv4, net::Family::ipv6};

/// Dumps come in parts of at most 32 KiB (netlink_dump() in net/netlink/af_netlink.c).
constexpr SocketOptions kForDumps = {.largest_datagram = 1 << 16, .datagrams_per_call = 1};
/// An error with the refused message and the kernel's words stays far below 2 KiB.
constexpr SocketOptions kForCommands = {.largest_datagram = 1 << 11, .datagrams_per_call = 32};

/// Appends what one dump shows; an attempt that is repeated starts from where the list was.
template <class Value, class Decode>
net::Result<std::size_t> collect(Socket& socket, Message request, std::vector<Value>& into,
                                 const Decode& decode) {
  const auto before = static_cast<std::ptrdiff_t>(into.size());
  return dump(
      socket, request, [&] { into.erase(into.begin() + before, into.end()); },
      [&](const nlmsghdr& header) {
        if (auto value = decode(header)) into.push_back(std::move(*value));
      });
}

/// Appends the routes of one dump that `wanted` agrees to.
///
/// Between two parts of an IPv6 dump the kernel keeps its place by counting nodes: while others add and
/// remove routes it misses some of ours or shows them twice, and does not say so (fib6_dump_table() in
/// net/ipv6/ip6_fib.c; on 6.18 a third of the dumps of 4,000 routes, no NLM_F_DUMP_INTR). So one of several
/// parts, some 240 routes each, counts only when the next says the same. IPv4 keeps its place by prefix.
template <class Wanted>
net::Result<void> collect_routes(Socket& socket, net::Family family, std::uint8_t protocol,
                                 std::uint32_t table, std::vector<net::Route>& into, const Wanted& wanted) {
  const auto decode = [&wanted](const nlmsghdr& header) -> std::optional<net::Route> {
    if (is_cloned_route(header)) return std::nullopt;
    auto route = decode_route(header);
    return route && wanted(*route) ? route : std::nullopt;
  };
  std::optional<std::vector<net::Route>> before;
  for (int i = 0; i <= kDumpAttempts; ++i) {
    std::vector<net::Route> routes;
    const auto parts = collect(socket, encode_route_dump(family, protocol, table), routes, decode);
    if (!parts) return net::pass_on(parts);
    if (family == net::Family::ipv4 || *parts <= 1 || before == routes) {
      into.insert(into.end(), routes.begin(), routes.end());
      return {};
    }
    before = std::move(routes);
  }
  return system_failure(EINTR, "no two dumps of IPv6 routes agreed");
}

/// IPv6 dumps can show a route twice when the table changes under them, without saying so (measured, 6.18).
/// IPv4's come first and have none.
void drop_repeats(std::vector<net::Route>& routes) {
  const auto ipv6 = std::find_if(routes.begin(), routes.end(), [](const net::Route& route) {
    return route.key.destination.family() == net::Family::ipv6;
  });
  std::stable_sort(ipv6, routes.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  routes.erase(std::unique(ipv6, routes.end()), routes.end());
}

}  // namespace

net::Result<std::unique_ptr<LinuxKernel>> LinuxKernel::open() {
  auto dump = Socket::open(kForDumps);
  if (!dump) return net::pass_on(dump);
  auto command = Socket::open(kForCommands);
  if (!command) return net::pass_on(command);
  return std::unique_ptr<LinuxKernel>(new LinuxKernel(std::move(*dump), std::move(*command)));
}

net::Result<std::vector<net::Link>> LinuxKernel::links() {
  std::vector<net::Link> links;
  if (auto done = collect(dump_, encode_link_dump(), links, decode_link); !done) return net::pass_on(done);
  std::vector<AddressOnLink> addresses;
  if (auto done = collect(dump_, encode_address_dump(), addresses, decode_address); !done) {
    return net::pass_on(done);
  }
  std::sort(links.begin(), links.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  for (const auto& [index, address] : addresses) {
    const auto link =
        std::lower_bound(links.begin(), links.end(), index,
                         [](const net::Link& each, std::uint32_t wanted) { return each.index < wanted; });
    if (link != links.end() && link->index == index) link->addresses.push_back(address);
  }
  return links;
}

net::Result<std::vector<net::Route>> LinuxKernel::routes(std::uint8_t protocol) {
  std::vector<net::Route> routes;
  // Checked here too: kernels before 4.20 do not filter.
  const auto wanted = [protocol](const net::Route& route) { return route.protocol == protocol; };
  for (const auto family : kFamilies) {
    const auto done = collect_routes(dump_, family, protocol, 0, routes, wanted);
    if (!done) return net::pass_on(done);
  }
  drop_repeats(routes);
  return routes;
}

net::Result<std::vector<net::Route>> LinuxKernel::routes_to(std::uint32_t table,
                                                            std::span<const net::Prefix> destinations) {
  std::vector<net::Route> routes;
  const auto wanted = [table, destinations](const net::Route& route) {
    return route.key.table == table &&
           std::find(destinations.begin(), destinations.end(), route.key.destination) != destinations.end();
  };
  for (const auto family : kFamilies) {
    const bool asked = std::any_of(destinations.begin(), destinations.end(),
                                   [family](const net::Prefix& each) { return each.family() == family; });
    if (!asked) continue;
    const auto done = collect_routes(dump_, family, 0, table, routes, wanted);
    if (!done) return net::pass_on(done);
  }
  return routes;
}

net::Result<std::vector<net::Rule>> LinuxKernel::rules(std::uint8_t protocol) {
  std::vector<net::Rule> rules;
  for (const auto family : kFamilies) {
    const auto done = collect(dump_, encode_rule_dump(family), rules, [protocol](const nlmsghdr& header) {
      auto rule = decode_rule(header);
      return rule && rule->protocol == protocol ? rule : std::nullopt;
    });
    // A kernel without policy rules for a family has none of ours.
    if (!done && done.error().code.value() != EOPNOTSUPP) return net::pass_on(done);
  }
  return rules;
}

net::Result<net::Route> LinuxKernel::lookup(const net::Address& destination) {
  const auto request = encode_route_lookup(destination);
  const auto sequence = dump_.take_sequence(1);
  request.header().nlmsg_seq = sequence;
  if (auto sent = dump_.send(request.bytes()); !sent) return net::pass_on(sent);

  net::Result<net::Route> answer =
      net::failure(EIO, fmt::format("netlink: route to {}: no answer", destination.text()));
  const auto received = dump_.receive([&](const nlmsghdr& header) {
    if (header.nlmsg_seq != sequence) return;
    if (header.nlmsg_type == NLMSG_ERROR) {
      const auto outcome = outcome_in(header);
      answer = net::failure(outcome.error, fmt::format("route to {}: {}", destination.text(), outcome.words));
    } else if (auto route = decode_route(header)) {
      // Kernels before 4.13 do not know RTM_F_FIB_MATCH and answer from the cache: still where packets go.
      answer = *route;
    }
  });
  if (!received) return net::pass_on(received);
  return answer;
}

net::Result<std::vector<net::Refusal>> LinuxKernel::apply(std::span<const net::Change> changes) {
  return apply_batch(command_, changes);
}

}  // namespace netlink
