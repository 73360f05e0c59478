#pragma once

#include <filesystem>

#include "checks/check.h"
#include "net/error.h"

namespace agent {

/// /run/calico-azure-agent/ready: exists exactly while the node is ready, and holds the time since when.
class ReadyFile {
 public:
  /// Removes a stale one of an earlier run.
  explicit ReadyFile(const std::filesystem::path& folder);
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;
  ~ReadyFile() { withdraw(); }

  /// As a whole or not at all. Synced on this thread: /run is memory, which takes no time.
  net::Result<void> write(net::WallTime since);
  [[nodiscard]] bool is_there() const noexcept;
  void withdraw() noexcept;

 private:
  std::filesystem::path path_;
};

}  // namespace agent
