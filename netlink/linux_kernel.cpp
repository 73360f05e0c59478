#include "netlink/linux_kernel.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>

#include "netlink/acknowledgement.h"
#include "netlink/batch.h"
#include "netlink/dump.h"
#include "netlink/link_message.h"
#include "netlink/route_message.h"
#include "netlink/rule_message.h"

namespace netlink {
namespace {

constexpr std::array kFamilies = {net::Family::ipv4, net::Family::ipv6};

/// Appends what one dump shows; an attempt that is repeated starts from where the list was.
template <class Value, class Decode>
net::Result<void> collect(Socket& socket, nl_msg& request, std::vector<Value>& into, const Decode& decode) {
  const auto before = into.size();
  return dump(
      socket, request, [&] { into.erase(into.begin() + static_cast<std::ptrdiff_t>(before), into.end()); },
      [&](const nlmsghdr& header) {
        if (auto value = decode(header)) into.push_back(std::move(*value));
      });
}

}  // namespace

net::Result<std::unique_ptr<LinuxKernel>> LinuxKernel::open() {
  auto dump = Socket::open({});
  if (!dump) return net::pass_on(dump);
  auto command = Socket::open({});
  if (!command) return net::pass_on(command);
  return std::unique_ptr<LinuxKernel>(new LinuxKernel(std::move(*dump), std::move(*command)));
}

net::Result<std::vector<net::Link>> LinuxKernel::links() {
  std::vector<net::Link> links;
  const auto link_request = encode_link_dump();
  if (auto done = collect(dump_, *link_request, links, decode_link); !done) return net::pass_on(done);
  std::vector<AddressOnLink> addresses;
  const auto address_request = encode_address_dump();
  if (auto done = collect(dump_, *address_request, addresses, decode_address); !done)
    return net::pass_on(done);
  std::sort(links.begin(), links.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  for (const auto& [index, address] : addresses) {
    for (auto& link : links) {
      if (link.index == index) link.addresses.push_back(address);
    }
  }
  return links;
}

net::Result<std::vector<net::Route>> LinuxKernel::routes(std::uint8_t protocol) {
  std::vector<net::Route> routes;
  for (const auto family : kFamilies) {
    const auto request = encode_route_dump(family, protocol, 0);
    const auto done = collect(dump_, *request, routes, [protocol](const nlmsghdr& header) {
      auto route = decode_route(header);
      // Kernels before 4.20 do not filter.
      return route && route->protocol == protocol ? route : std::nullopt;
    });
    if (!done) return net::pass_on(done);
  }
  return routes;
}

net::Result<std::vector<net::Route>> LinuxKernel::routes_to(std::uint32_t table,
                                                            std::span<const net::Prefix> destinations) {
  std::vector<net::Route> routes;
  for (const auto family : kFamilies) {
    const bool asked = std::any_of(destinations.begin(), destinations.end(),
                                   [family](const net::Prefix& each) { return each.family() == family; });
    if (!asked) continue;
    const auto request = encode_route_dump(family, 0, table);
    const auto done =
        collect(dump_, *request, routes, [&](const nlmsghdr& header) -> std::optional<net::Route> {
          auto route = decode_route(header);
          if (!route || route->key.table != table) return std::nullopt;
          const auto found = std::find(destinations.begin(), destinations.end(), route->key.destination);
          return found == destinations.end() ? std::nullopt : route;
        });
    if (!done) return net::pass_on(done);
  }
  return routes;
}

net::Result<std::vector<net::Rule>> LinuxKernel::rules(std::uint8_t protocol) {
  std::vector<net::Rule> rules;
  for (const auto family : kFamilies) {
    const auto request = encode_rule_dump(family);
    const auto done = collect(dump_, *request, rules, [protocol](const nlmsghdr& header) {
      auto rule = decode_rule(header);
      return rule && rule->protocol == protocol ? rule : std::nullopt;
    });
    // A kernel without policy rules for a family has none of ours.
    if (!done && done.error().code.value() != EOPNOTSUPP) return net::pass_on(done);
  }
  return rules;
}

net::Result<net::Route> LinuxKernel::lookup(const net::Address& destination) {
  const auto request = encode_route_lookup(destination, true);
  if (auto sent = dump_.send(bytes_of(*request)); !sent) return net::pass_on(sent);
  const auto datagram = dump_.receive(true);
  if (!datagram) return net::pass_on(datagram);
  net::Result<net::Route> answer =
      net::failure(EPROTO, fmt::format("netlink: route to {}: no answer", destination.text()));
  for_each_message(*datagram, [&](const nlmsghdr& header) {
    if (header.nlmsg_type == NLMSG_ERROR) {
      const auto outcome = outcome_in(header);
      answer = net::failure(outcome.error, fmt::format("route to {}: {}", destination.text(), outcome.words));
    } else if (const auto route = decode_route(header)) {
      answer = *route;
    }
  });
  return answer;
}

net::Result<std::vector<net::Refusal>> LinuxKernel::apply(std::span<const net::Change> changes) {
  return apply_batch(command_, changes);
}

}  // namespace netlink
