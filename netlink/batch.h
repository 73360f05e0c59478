#pragma once

#include <span>
#include <vector>

#include "net/change.h"
#include "net/error.h"
#include "netlink/rtnl_socket.h"

namespace netlink {

/// Applies changes in order: many messages a send, errors only, and one acknowledgement (the fence) on the
/// last of each send. rtnetlink works inside sendmsg(), so every reply is there when it returns. The kernel
/// carries on after a refusal; every NLMSG_ERROR before the fence is the refusal of the change with its
/// sequence number.
///
/// Errors: no fence or ENOBUFS: which changes were made is unknown.
net::Result<std::vector<net::Refusal>> apply_batch(Socket& socket, std::span<const net::Change> changes);

}  // namespace netlink
