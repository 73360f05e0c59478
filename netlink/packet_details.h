#pragma once

#include <cstdint>
#include <optional>

#include "net/address.h"
#include "net/error.h"
#include "net/kernel.h"
#include "observed/neighbour_entry.h"

// What a person who asks about one packet wants to know beside its route. Each call opens a socket of its
// own, in the network namespace of the calling thread, and needs no rights.
namespace netlink {

/// The source address that the kernel gives a packet of this machine's own (RTM_GETROUTE without
/// RTM_F_FIB_MATCH). Error: there is no route, in the kernel's words; ENODATA: the kernel names none.
net::Result<net::Address> source_address(const net::Flow& flow);

/// What the link's ARP or ND table has of the address; nullopt: nothing.
net::Result<std::optional<observed::NeighbourEntry>> neighbour_entry(std::uint32_t device,
                                                                     const net::Address& address);

}  // namespace netlink
