#pragma once

#include <cstddef>
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

}  // namespace netlink
