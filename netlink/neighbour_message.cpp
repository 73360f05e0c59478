#include "netlink/codecs.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "netlink/attributes.h"

namespace netlink {
namespace {

/// Nothing is demanded: what has a strange length is read as absent.
constexpr Policy<NDA_MAX> kAnything{};

/// Strict checking takes the device as an attribute alone, in the header of neighbours it is refused.
Message encode_dump(std::uint8_t family, std::uint32_t device) {
  ndmsg header{};
  header.ndm_family = family;
  Message message(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, header);
  message.put(NDA_IFINDEX, device);
  return message;
}

auto parse_neighbour(const nlmsghdr& header) {
  auto parsed = parse<ndmsg>(header, kAnything);
  if (header.nlmsg_type != RTM_NEWNEIGH || (parsed && parsed->fixed.ndm_ifindex <= 0)) parsed.reset();
  return parsed;
}

observed::NeighbourState state_of(std::uint16_t state) {
  using observed::NeighbourState;
  if ((state & (NUD_PERMANENT | NUD_NOARP)) != 0) return NeighbourState::permanent;
  if ((state & NUD_REACHABLE) != 0) return NeighbourState::reachable;
  if ((state & (NUD_STALE | NUD_DELAY | NUD_PROBE)) != 0) return NeighbourState::stale;
  return (state & NUD_FAILED) != 0 ? NeighbourState::failed : NeighbourState::incomplete;
}

}  // namespace

Message encode_neighbour_dump(std::uint32_t device) { return encode_dump(AF_UNSPEC, device); }

Message encode_forwarding_dump(std::uint32_t device) { return encode_dump(AF_BRIDGE, device); }

std::optional<observed::Neighbour> decode_neighbour(const nlmsghdr& header) {
  const auto parsed = parse_neighbour(header);
  if (!parsed || (parsed->fixed.ndm_state & NUD_PERMANENT) == 0) return std::nullopt;
  const auto address = address_in((*parsed)[NDA_DST]);
  const auto mac = mac_in((*parsed)[NDA_LLADDR]);
  if (!address || !mac || family_number(address->family()) != parsed->fixed.ndm_family) return std::nullopt;
  return observed::Neighbour{
      .device = static_cast<std::uint32_t>(parsed->fixed.ndm_ifindex), .address = *address, .mac = *mac};
}

std::optional<observed::NeighbourEntry> decode_neighbour_entry(const nlmsghdr& header, std::uint32_t device,
                                                               const net::Address& address) {
  const auto parsed = parse_neighbour(header);
  if (!parsed || static_cast<std::uint32_t>(parsed->fixed.ndm_ifindex) != device) return std::nullopt;
  if (parsed->fixed.ndm_family != family_number(address.family())) return std::nullopt;
  if (address_in((*parsed)[NDA_DST]) != address) return std::nullopt;
  return observed::NeighbourEntry{.state = state_of(parsed->fixed.ndm_state),
                                  .mac = mac_in((*parsed)[NDA_LLADDR])};
}

std::optional<observed::ForwardingEntry> decode_forwarding(const nlmsghdr& header) {
  const auto parsed = parse_neighbour(header);
  if (!parsed || parsed->fixed.ndm_family != AF_BRIDGE || parsed->has(NDA_MASTER)) return std::nullopt;
  const auto mac = mac_in((*parsed)[NDA_LLADDR]);
  if (!mac) return std::nullopt;
  return observed::ForwardingEntry{.device = static_cast<std::uint32_t>(parsed->fixed.ndm_ifindex),
                                   .mac = *mac,
                                   .destination = address_in((*parsed)[NDA_DST])};
}

}  // namespace netlink
