#pragma once

#include <cstdint>
#include <optional>

namespace agent::http {

/// What this process uses, by the names that Prometheus' client libraries have for it. Absent: /proc does not
/// tell.
struct ProcessUse {
  double cpu_seconds = 0;  ///< user and system, of all threads; children that were waited for are not in it
  std::optional<std::uint64_t> resident_bytes = {};
  std::optional<std::uint64_t> virtual_bytes = {};
  std::optional<std::uint64_t> open_fds = {};
  std::optional<std::uint64_t> max_fds = {};
};

/// Reads /proc/self, the clock of this process and its limits: some tens of microseconds. Thread-safe.
ProcessUse process_use();

}  // namespace agent::http
