#pragma once

#include <cstdint>
#include <string>

namespace netlink {

/// The name of the process behind a netlink port (nlmsg_pid), or "" when it cannot be told: for 0, the kernel
/// itself, for what is no process id, and for a process that has ended. Characters that are not printable
/// ASCII are replaced by '?', since a process may call itself anything.
///
/// Best effort: a process's first netlink socket has its process id as port, later ones have others; in
/// another PID namespace the number is another process's.
std::string process_name_of_port(std::uint32_t port);

}  // namespace netlink
