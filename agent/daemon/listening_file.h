#pragma once

#include <filesystem>
#include <optional>

#include "agent/config/listen.h"
#include "net/error.h"

namespace agent {

/// /run/calico-azure-agent/listening: where the daemon that runs can be asked, as http.listen has it,
/// whatever the configuration of who wants to know says. There while it listens.
class ListeningFile {
 public:
  /// Removes a stale one of an earlier run.
  explicit ListeningFile(const std::filesystem::path& folder);
  ListeningFile(const ListeningFile&) = delete;
  ListeningFile& operator=(const ListeningFile&) = delete;
  ~ListeningFile() { withdraw(); }

  net::Result<void> write(const Listen& listen);
  void withdraw() noexcept;

 private:
  std::filesystem::path path_;
};

/// What a daemon has written there. Whether to believe who listens there is another question (trusted.h).
std::optional<Listen> where_a_daemon_listens(const std::filesystem::path& folder);

}  // namespace agent
