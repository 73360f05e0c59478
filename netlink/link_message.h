#pragma once

#include <cstdint>
#include <optional>

#include "net/link.h"
#include "netlink/message.h"

namespace netlink {

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

}  // namespace netlink
