#include "netlink/packet_details.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include <vector>

#include "netlink/codecs.h"
#include "netlink/dump.h"
#include "netlink/message.h"

namespace netlink {

net::Result<net::Address> source_address(const net::Flow& flow) {
  auto socket = Socket::open(kForDumps);
  if (!socket) return net::pass_on(socket);
  const auto request = encode_source_lookup(flow);
  const auto sequence = socket->take_sequence(1);
  request.header().nlmsg_seq = sequence;
  if (const auto sent = socket->send(request.bytes()); !sent) return net::pass_on(sent);
  std::optional<net::Result<net::Address>> answer;
  const auto received = socket->receive([&](const nlmsghdr& header) {
    if (header.nlmsg_seq != sequence) return;
    if (header.nlmsg_type == NLMSG_ERROR) {
      const auto outcome = outcome_in(header);
      answer = net::failure(outcome.error, fmt::format("route to {}: {}", flow.to.text(), outcome.words));
      return;
    }
    if (const auto source = decode_source(header)) {
      answer = *source;
    } else {
      answer = net::failure(ENODATA, fmt::format("route to {}: no source address", flow.to.text()));
    }
  });
  if (!received) return net::pass_on(received);
  if (!answer) return net::failure(EIO, fmt::format("netlink: route to {}: no answer", flow.to.text()));
  return std::move(*answer);
}

net::Result<std::optional<observed::NeighbourEntry>> neighbour_entry(std::uint32_t device,
                                                                     const net::Address& address) {
  auto socket = Socket::open(kForDumps);
  if (!socket) return net::pass_on(socket);
  std::vector<observed::NeighbourEntry> found;
  // A dump of the link: kernels before 5.0 answer no question about a single entry.
  const auto done = collect(*socket, encode_neighbour_dump(device), found, [&](const nlmsghdr& header) {
    return decode_neighbour_entry(header, device, address);
  });
  if (!done) return net::pass_on(done);
  if (found.empty()) return std::optional<observed::NeighbourEntry>();
  return std::optional(found.front());
}

}  // namespace netlink
