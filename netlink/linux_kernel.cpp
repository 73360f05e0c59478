#include "netlink/linux_kernel.h"

#include <fmt/format.h>
#include <linux/rtnetlink.h>

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

/// Half a part: what is no longer came in one.
constexpr std::size_t kSurelyOnePart = 1 << 14;
/// It need not hold what it hears: one message, or the loss of one, says enough.
constexpr SocketOptions kForWitness = {
    .receive_buffer = 1 << 13, .send_buffer = 1 << 13, .largest_datagram = 1 << 13, .datagrams_per_call = 1};

/// Appends what one dump shows; an attempt that is repeated starts from where the list was.
template <class Value, class Decode>
net::Result<DumpSize> collect(Socket& socket, Message request, std::vector<Value>& into,
                              const Decode& decode) {
  const auto before = static_cast<std::ptrdiff_t>(into.size());
  return dump(
      socket, request, [&] { into.erase(into.begin() + before, into.end()); },
      [&](const nlmsghdr& header) {
        if (auto value = decode(header)) into.push_back(std::move(*value));
      });
}

/// The route in the message, if it is one of the kernel's table, not of its cache, that `wanted` agrees to.
template <class Wanted>
std::optional<net::Route> route_if(const nlmsghdr& header, const Wanted& wanted) {
  if (is_cloned_route(header)) return std::nullopt;
  auto route = decode_route(header);
  return route && wanted(*route) ? route : std::nullopt;
}

/// Hears, while it lives, whether anything happens to IPv6 routes; link changes too, since routes may go with
/// a link unannounced (net.ipv6.route.skip_notify_on_dev_down).
class Witness {
 public:
  static constexpr std::array kGroups = {RTNLGRP_IPV6_ROUTE, RTNLGRP_LINK};

  explicit Witness(Socket& socket) : socket_(socket) {
    socket_.discard();
    for (const int group : kGroups) deaf_ |= !socket_.join(group);
  }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() {
    for (const int group : kGroups) socket_.leave(group);
  }

  /// Also true when too much happened for the buffer (ENOBUFS), or nothing could be heard.
  [[nodiscard]] bool disturbed() {
    const auto received = socket_.receive([](const nlmsghdr&) {});
    return deaf_ || !received || *received > 0;
  }

 private:
  Socket& socket_;
  bool deaf_ = false;
};

/// Appends the routes of one IPv4 dump that `wanted` agrees to. Between two parts the kernel keeps its place
/// by prefix, so that nothing is lost when others change the table.
template <class Wanted>
net::Result<void> collect_ipv4(Socket& socket, std::uint8_t protocol, std::uint32_t table,
                               std::vector<net::Route>& into, const Wanted& wanted) {
  const auto done = collect(socket, encode_route_dump(net::Family::ipv4, protocol, table), into,
                            [&wanted](const nlmsghdr& header) { return route_if(header, wanted); });
  if (!done) return net::pass_on(done);
  return {};
}

/// Appends the routes of one IPv6 dump that `wanted` agrees to.
///
/// Between two parts, some 240 routes each, the kernel keeps its place by counting nodes: while others add
/// and remove routes it misses some of ours or shows them twice, and does not say so (fib6_dump_table() in
/// net/ipv6/ip6_fib.c; on 6.18 a third of the dumps of 4,000 routes, no NLM_F_DUMP_INTR). So a dump of
/// several parts counts only when nothing was notified meanwhile: change and notification happen under one
/// lock. A part that was nearly full may have had a successor that went missing whole.
template <class Wanted>
net::Result<void> collect_ipv6(Socket& socket, Socket& witness_socket, std::uint8_t protocol,
                               std::uint32_t table, std::vector<net::Route>& into, const Wanted& wanted) {
  for (int i = 0; i < kDumpAttempts; ++i) {
    Witness witness(witness_socket);
    std::vector<net::Route> routes;
    const auto size = collect(socket, encode_route_dump(net::Family::ipv6, protocol, table), routes,
                              [&wanted](const nlmsghdr& header) { return route_if(header, wanted); });
    if (!size) return net::pass_on(size);
    const bool one_part = size->parts <= 1 && size->bytes <= kSurelyOnePart;
    if (!one_part && witness.disturbed()) continue;
    into.insert(into.end(), routes.begin(), routes.end());
    return {};
  }
  return system_failure(EINTR, "IPv6 routes change faster than they can be dumped");
}

}  // namespace

net::Result<std::unique_ptr<LinuxKernel>> LinuxKernel::open() {
  auto dump = Socket::open(kForDumps);
  if (!dump) return net::pass_on(dump);
  auto command = Socket::open(kForCommands);
  if (!command) return net::pass_on(command);
  auto witness = Socket::open(kForWitness);
  if (!witness) return net::pass_on(witness);
  auto kernel = std::unique_ptr<LinuxKernel>(
      new LinuxKernel(std::move(*dump), std::move(*command), std::move(*witness)));
  // The first answer on a socket comes in parts of a page, whoever asks; later ones in parts of 32 KiB.
  if (const auto primed = kernel->rules(0); !primed) return net::pass_on(primed);
  return kernel;
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
    const auto done = family == net::Family::ipv4
                          ? collect_ipv4(dump_, protocol, 0, routes, wanted)
                          : collect_ipv6(dump_, witness_, protocol, 0, routes, wanted);
    if (!done) return net::pass_on(done);
  }
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
    const auto done = family == net::Family::ipv4 ? collect_ipv4(dump_, 0, table, routes, wanted)
                                                  : collect_ipv6(dump_, witness_, 0, table, routes, wanted);
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
