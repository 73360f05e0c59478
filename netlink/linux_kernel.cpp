#include "netlink/linux_kernel.h"

#include <fmt/format.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <optional>

#include "netlink/batch.h"
#include "netlink/codecs.h"
#include "netlink/dump.h"
#include "netlink/message.h"
#include "netlink/route_dump.h"

namespace netlink {
namespace {

constexpr std::array kFamilies = {net::Family::ipv4, net::Family::ipv6};

/// An error with the refused message and the kernel's words stays far below 2 KiB.
constexpr SocketOptions kForCommands = {.largest_datagram = 1 << 11, .datagrams_per_call = 32};

/// Their answers, of 4 KiB each until they are trimmed to their length, are far from filling the receive
/// buffer.
constexpr std::size_t kLookupsPerSend = 32;

/// None in a message that says neither which route it is nor why there is none.
std::optional<net::Result<net::Route>> answer_in(const nlmsghdr& header, const net::Flow& flow) {
  if (header.nlmsg_type == NLMSG_ERROR) {
    const auto outcome = outcome_in(header);
    return net::failure(outcome.error, fmt::format("route to {}: {}", flow.to.text(), outcome.words));
  }
  // Kernels before 4.13 do not know RTM_F_FIB_MATCH and answer from the cache: still where packets go.
  auto route = decode_route(header);
  if (!route) return std::nullopt;
  return *route;
}

}  // namespace

net::Result<std::unique_ptr<LinuxKernel>> LinuxKernel::open() {
  auto dump = Socket::open(kForDumps);
  if (!dump) return net::pass_on(dump);
  auto command = Socket::open(kForCommands);
  if (!command) return net::pass_on(command);
  auto detector = Socket::open(kForChangeDetector);
  if (!detector) return net::pass_on(detector);
  auto kernel = std::unique_ptr<LinuxKernel>(
      new LinuxKernel(std::move(*dump), std::move(*command), std::move(*detector)));
  kernel->dump_.set_pause([each = kernel.get()] { each->between_parts(); });
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

net::Result<void> LinuxKernel::take_routes(std::uint8_t protocol, std::uint32_t table,
                                           net::RouteVisitor& visitor) {
  for (const auto family : kFamilies) {
    const auto done = dump_routes(
        dump_, detector_, {.family = family, .protocol = protocol, .table = table},
        [&visitor] { visitor.begin(); },
        [&](const nlmsghdr& header) {
          const auto route = decode_route(header);
          // Checked here too: kernels before 4.20 do not filter.
          const bool asked =
              route && route->protocol == protocol && (table == 0 || route->key.table == table);
          if (!asked) return;
          if (!route->multipath) return visitor.take(*route);
          for (const auto& hop : next_hops_of(header, *route)) visitor.take(hop);
        });
    if (!done) return net::pass_on(done);
    visitor.end();
  }
  return {};
}

net::Result<std::vector<net::Route>> LinuxKernel::routes_to(std::uint32_t table,
                                                            std::span<const net::Prefix> destinations) {
  std::vector<net::Route> routes;
  const auto sift = [table, destinations](const nlmsghdr& header) {
    auto route = decode_route(header);
    const bool wanted = route && route->key.table == table &&
                        std::binary_search(destinations.begin(), destinations.end(), route->key.destination);
    return wanted ? route : std::nullopt;
  };
  for (const auto family : kFamilies) {
    const bool asked = std::any_of(destinations.begin(), destinations.end(),
                                   [family](const net::Prefix& each) { return each.family() == family; });
    if (!asked) continue;
    const auto done = collect_routes(dump_, detector_, {.family = family, .table = table}, routes, sift);
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

std::vector<net::Result<net::Route>> LinuxKernel::lookups(std::span<const net::Flow> flows) {
  std::vector<std::optional<net::Result<net::Route>>> answers(flows.size());
  if (flows.size() > 1) {
    for (std::size_t first = 0; first < flows.size(); first += kLookupsPerSend) {
      const auto count = std::min(kLookupsPerSend, flows.size() - first);
      look_up_some(flows.subspan(first, count), std::span(answers).subspan(first, count));
    }
  }
  std::vector<net::Result<net::Route>> all;
  all.reserve(flows.size());
  for (std::size_t i = 0; i < flows.size(); ++i)
    all.push_back(answers[i] ? std::move(*answers[i]) : look_up_alone(flows[i]));
  return all;
}

/// Leaves out what is not answered, or not in a datagram of that size: a route of a hundred next hops is
/// longer.
void LinuxKernel::look_up_some(std::span<const net::Flow> flows,
                               std::span<std::optional<net::Result<net::Route>>> answers) {
  std::vector<std::byte> bytes;
  const auto sequence = command_.take_sequence(flows.size());
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const auto request = encode_route_lookup(flows[i]);
    request.header().nlmsg_seq = sequence + static_cast<std::uint32_t>(i);
    const auto encoded = request.bytes();
    bytes.insert(bytes.end(), encoded.begin(), encoded.end());
  }
  if (!command_.send(bytes)) return;
  const auto take = [&](const nlmsghdr& header) {
    const auto index = header.nlmsg_seq - sequence;
    if (index < flows.size()) answers[index] = answer_in(header, flows[index]);
  };
  // The kernel has answered them all before send() returns.
  for (auto received = command_.receive(take); received && *received > 0; received = command_.receive(take)) {
  }
}

net::Result<net::Route> LinuxKernel::look_up_alone(const net::Flow& flow) {
  const auto request = encode_route_lookup(flow);
  const auto sequence = dump_.take_sequence(1);
  request.header().nlmsg_seq = sequence;
  if (auto sent = dump_.send(request.bytes()); !sent) return net::pass_on(sent);

  std::optional<net::Result<net::Route>> answer;
  const auto received = dump_.receive([&](const nlmsghdr& header) {
    if (header.nlmsg_seq == sequence) answer = answer_in(header, flow);
  });
  if (!received) return net::pass_on(received);
  if (!answer) return net::failure(EIO, fmt::format("netlink: route to {}: no answer", flow.to.text()));
  return std::move(*answer);
}

net::Result<std::vector<net::Refusal>> LinuxKernel::apply(std::span<const net::Change> changes) {
  return apply_batch(command_, changes);
}

}  // namespace netlink
