#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "net/error.h"
#include "netlink/message.h"
#include "netlink/rtnl_socket.h"

namespace netlink {

/// Dumps come in parts of at most 32 KiB (netlink_dump() in net/netlink/af_netlink.c).
inline constexpr SocketOptions kForDumps = {.largest_datagram = 1 << 16, .datagrams_per_call = 1};

/// How often a dump is repeated while changes interrupt it: at most a second or so with a big table.
inline constexpr int kDumpAttempts = 10;

/// How much the kernel sent: the parts that bore messages, and the bytes of those.
struct DumpSize {
  std::size_t parts = 0;
  std::size_t bytes = 0;
};

/// Sends the dump request and calls `visit` for each message of the answer. The request is repeated from the
/// start when the kernel reports that a change interrupted the dump (NLM_F_DUMP_INTR, on any part or on
/// DONE): `begin` is called before each attempt, so that what was collected can be dropped.
///
/// Between two parts the kernel lets others change what is dumped.
///
/// ENOENT (no such table) is an empty dump. EINTR: still interrupted after kDumpAttempts; EIO: the kernel
/// stopped in the middle; other errors are the kernel's own. After an error what was visited means nothing.
net::Result<DumpSize> dump(Socket& socket, Message& request, const std::function<void()>& begin,
                           const Visit& visit);

/// Appends what `decode` makes of each message of one dump, if anything; an attempt that is repeated starts
/// from where the list was.
template <class Value, class Decode>
net::Result<DumpSize> collect(Socket& socket, Message request, std::vector<Value>& into,
                              const Decode& decode) {
  const auto before = static_cast<std::ptrdiff_t>(into.size());
  return dump(
      socket, request, [&] { into.erase(into.begin() + before, into.end()); },
      [&](const nlmsghdr& header) {
        if (auto value = decode(header)) into.push_back(std::move(*value));
      });
}

}  // namespace netlink
