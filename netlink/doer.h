#pragma once

#include <cstdint>
#include <string>

namespace netlink {

/// The name of the process behind a netlink port (nlmsg_pid), or "" when it cannot be told. Best effort: a
/// process's first netlink socket has its process id as port, later ones have others, and a short-lived
/// process may be gone.
std::string doer_name(std::uint32_t port);

}  // namespace netlink
