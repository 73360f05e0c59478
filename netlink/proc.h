#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/sysctls.h"

namespace netlink {

/// /proc/sys of this process; below net/ it shows the network namespace of the calling thread. A key that
/// would lead out of the folder is EINVAL: link names come from outside.
class ProcSysctls final : public net::Sysctls {
 public:
  /// Longer values are refused with EFBIG: the agent reads numbers.
  static constexpr std::size_t kLongestValue = 4096;

  explicit ProcSysctls(std::string root = "/proc/sys") : root_(std::move(root)) {}

  net::Result<std::string> read(std::string_view key) override;
  /// EROFS where the unit has ProtectKernelTunables=yes, EACCES without the rights.
  net::Result<void> write(std::string_view key, std::string_view value) override;

 private:
  std::string root_;
};

/// The name of the process behind a netlink port (nlmsg_pid), or "" when it is unknown: for 0, the kernel
/// itself, for what is no process id, and for a process that has ended. Characters that are not printable
/// ASCII are replaced by '?', since a process may call itself anything.
///
/// Best effort: a process's first netlink socket has its process id as port, later ones have others; in
/// another PID namespace the number is another process's. Who cannot have changed a route (a kernel thread,
/// init, one without CAP_NET_ADMIN) is not named.
std::string process_name_of_port(std::uint32_t port);

}  // namespace netlink
