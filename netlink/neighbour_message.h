#pragma once

#include <cstdint>
#include <optional>

#include "netlink/message.h"
#include "observed/data_plane.h"

namespace netlink {

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

/// nullopt for the entry of a bridge, and for bytes that are none. The MAC 00:00:00:00:00:00 is where what
/// has no entry of its own goes. Safe for any bytes of a whole message.
std::optional<observed::ForwardingEntry> decode_forwarding(const nlmsghdr& header);

}  // namespace netlink
