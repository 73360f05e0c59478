#pragma once

#include <string>

#include "net/sysctls.h"

namespace netlink {

/// /proc/sys of this process; below net/ it shows the network namespace of the calling thread.
class ProcSysctls final : public net::Sysctls {
 public:
  explicit ProcSysctls(std::string root = "/proc/sys") : root_(std::move(root)) {}

  net::Result<std::string> read(std::string_view key) override;
  net::Result<void> write(std::string_view key, std::string_view value) override;

 private:
  std::string root_;
};

}  // namespace netlink
