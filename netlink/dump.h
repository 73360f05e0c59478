#pragma once

#include <functional>

#include "net/error.h"
#include "netlink/message.h"
#include "netlink/rtnl_socket.h"

namespace netlink {

/// Sends the dump request and calls `visit` for each message of the answer. The request is repeated from the
/// start when the kernel says that the dump was interrupted by a change (NLM_F_DUMP_INTR, on any part or on
/// DONE): `begin` is called before each attempt, so that what was collected can be dropped. EINTR: still
/// interrupted after kAttempts. A kernel that has no such table answers ENOENT: that is an empty dump.
net::Result<void> dump(Socket& socket, nl_msg& request, const std::function<void()>& begin,
                       const std::function<void(const nlmsghdr&)>& visit);

}  // namespace netlink
