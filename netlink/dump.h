#pragma once

#include <cstddef>
#include <functional>

#include "net/error.h"
#include "netlink/message.h"
#include "netlink/rtnl_socket.h"

namespace netlink {

/// How often a dump is repeated while changes interrupt it: at most a second or so with a big table.
inline constexpr int kDumpAttempts = 10;

/// How much the kernel sent: the parts that bore messages, and the bytes of those.
struct DumpSize {
  std::size_t parts = 0;
  std::size_t bytes = 0;
};

/// Sends the dump request and calls `visit` for each message of the answer. The request is repeated from the
/// start when the kernel says that a change interrupted the dump (NLM_F_DUMP_INTR, on any part or on DONE):
/// `begin` is called before each attempt, so that what was collected can be dropped.
///
/// Between two parts the kernel lets others change what is dumped.
///
/// ENOENT (no such table) is an empty dump. EINTR: still interrupted after kDumpAttempts; EIO: the kernel
/// stopped in the middle; other errors are the kernel's own. After an error what was visited means nothing.
net::Result<DumpSize> dump(Socket& socket, Message& request, const std::function<void()>& begin,
                           const Visit& visit);

}  // namespace netlink
