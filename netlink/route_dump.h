#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "net/error.h"
#include "net/route.h"
#include "netlink/message.h"
#include "netlink/rtnl_socket.h"

namespace netlink {

/// Options of a second socket that detects whether others change routes during a dump. It need not hold
/// every notification: one message, or the loss of one, suffices.
inline constexpr SocketOptions kForChangeDetector = {
    .receive_buffer = 1 << 13, .send_buffer = 1 << 13, .largest_datagram = 1 << 13, .datagrams_per_call = 1};

/// Which routes the kernel is asked for. Those before 4.20 send every one.
struct RouteQuestion {
  net::Family family = net::Family::ipv4;
  std::uint8_t protocol = 0;  ///< 0: any
  std::uint32_t table = 0;    ///< 0: every one
};

/// Calls `visit` for each route's message of one dump, each once and all of them whatever others do to the
/// table meanwhile, but for entries of the route cache; `begin` before the first and wherever it starts anew.
///
/// Errors as dump() has them; EINTR also: IPv6 routes change faster than they can be dumped.
net::Result<void> dump_routes(Socket& socket, Socket& detector, const RouteQuestion& question,
                              const std::function<void()>& begin, const Visit& visit);

/// Makes a route of a message, or nothing of one that is not wanted.
using RouteSift = std::function<std::optional<net::Route>(const nlmsghdr&)>;

/// Appends the routes of one dump that come through the sift, next hop by next hop.
net::Result<void> collect_routes(Socket& socket, Socket& detector, const RouteQuestion& question,
                                 std::vector<net::Route>& into, const RouteSift& sift);

}  // namespace netlink
