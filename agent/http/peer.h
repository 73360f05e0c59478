#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/error.h"

namespace agent {

/// Whose process holds the other end of a connection.
struct Peer {
  std::optional<uid_t> user;  ///< absent: cannot be determined, see `unknown`
  pid_t process = 0;          ///< 0: not known, or not visible from here
  std::uint64_t inode = 0;    ///< of its socket, by which /proc/PID/fd shows the process; 0: not known
  std::string unknown;
};

/// Of a connected socket, while the other side still holds its end: the listener's of a unix socket
/// (SO_PEERCRED, unix(7)), else this network namespace's table of TCP connections. The connection
/// is looked up, not the port: the port may have passed to another process since.
///
/// ECONNRESET: the other side has closed it, so its owner can no longer be determined.
net::Result<Peer> peer_of(int socket);

/// The listener on a TCP address of this network namespace, by its socket table: that needs no connection,
/// unlike a peer that hangs up at once. nullopt: none, or not shown.
std::optional<Peer> listener_on(const sockaddr_storage& address);

namespace http {

/// A line of /proc/net/tcp or tcp6 (https://docs.kernel.org/networking/proc_net_tcp.html).
struct TcpRow {
  std::string_view local;  ///< as ends_text() writes it
  std::string_view remote;
  bool listens = false;
  uid_t user = 0;
  std::uint64_t inode = 0;  ///< 0: no process holds it any more, or none yet, and `user` means nothing
};

/// nullopt for the heading, and for what is no such line.
std::optional<TcpRow> tcp_row(std::string_view line);

/// An address and its port as these files have them: 127.0.0.1:16925 is "0100007F:421D" on a little-endian
/// machine. `bytes` in network order, 4 or 16 of them.
std::string ends_text(std::string_view bytes, std::uint16_t port);

/// False in a user namespace in which some of the machine's users have no number of their own: there the
/// kernel's overflow number stands for all of them. `uid_map` is /proc/self/uid_map (user_namespaces(7)).
bool every_user_has_a_number(std::string_view uid_map);

}  // namespace http
}  // namespace agent
