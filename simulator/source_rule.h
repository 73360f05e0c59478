#pragma once

#include <span>

#include "net/address.h"
#include "net/error.h"

namespace simulator {

/// Makes a listening IPv4 socket deaf to packets from other sources: no RST, no ICMP, the client times out,
/// as Azure's host does to whatever is not the primary address. An empty list lifts the rule. EINVAL for IPv6
/// addresses and for more than 64.
net::Result<void> accept_only_from(int listening_socket, std::span<const net::Address> sources);

}  // namespace simulator
