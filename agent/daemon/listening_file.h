#pragma once

#include <filesystem>
#include <optional>

#include "net/error.h"
#include "net/listen_address.h"

namespace agent {

/// /run/calico-azure-agent/listening: the address of the running daemon, as http.listen spells it, for
/// clients with another configuration. Exists while the daemon listens.
class ListeningFile {
 public:
  /// Removes a stale one of an earlier run.
  explicit ListeningFile(const std::filesystem::path& folder);
  ListeningFile(const ListeningFile&) = delete;
  ListeningFile& operator=(const ListeningFile&) = delete;
  ~ListeningFile() { withdraw(); }

  net::Result<void> write(const net::ListenAddress& listen);
  [[nodiscard]] bool is_there() const noexcept;
  void withdraw() noexcept;

 private:
  std::filesystem::path path_;
};

/// What a daemon has written there. Whether to believe who listens there is another question (Trusted).
std::optional<net::ListenAddress> where_a_daemon_listens(const std::filesystem::path& folder);

}  // namespace agent
