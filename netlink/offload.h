#pragma once

#include <cstdint>
#include <optional>

#include "netlink/rtnl_socket.h"

namespace netlink {

/// Whether the link leaves the checksums of what it sends to what carries it: `tx-checksumming` of
/// `ethtool -k`, which `ethtool -K LINK tx off` and `tx-checksum-ip-generic off` turn off. nullopt: there is
/// no such link, or it does not say.
std::optional<bool> checksum_offload(const Socket& socket, std::uint32_t device);

}  // namespace netlink
