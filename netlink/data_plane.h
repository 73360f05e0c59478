#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "net/error.h"
#include "net/link.h"
#include "netlink/rtnl_socket.h"
#include "observed/data_plane.h"

namespace netlink {

/// At most so many routes are kept, and so many neighbours, and so many forwarding entries: four times the
/// nodes of the largest AKS cluster (5,000).
inline constexpr std::size_t kMaxDataPlaneEntries = 20000;

/// What others have programmed into the kernel for pods, in the network namespace of the calling thread.
/// `links` are those whose routes matter: overlays, pods' veths, bridges of pods, tunnels; neighbours,
/// forwarding entries and checksum offload are read for those of kind "vxlan". Routes of several ways
/// are shown only where BIRD or Felix made them.
///
/// Needs no rights. Goes through the whole of table main, a quarter of a second for 500,000 routes, without
/// keeping any that does not matter: for a thread of its own, on which it opens its own sockets.
///
/// A kernel that does not know a table or an offload has nothing in it; any other refusal is the Error.
net::Result<observed::DataPlane> read_data_plane(std::span<const net::Link> links);

/// Whether the link leaves the checksums of what it sends to what carries it: `tx-checksumming` of
/// `ethtool -k`, which `ethtool -K LINK tx off` and `tx-checksum-ip-generic off` turn off. nullopt: there is
/// no such link, or it does not report it.
std::optional<bool> checksum_offload(const Socket& socket, std::uint32_t device);

}  // namespace netlink
