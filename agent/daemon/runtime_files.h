#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "core/snapshot.h"
#include "net/error.h"
#include "net/listen_address.h"

namespace agent {

/// A line in /run/calico-azure-agent that is there only while it is true.
class RuntimeFile {
 public:
  /// Removes a stale one of an earlier run.
  explicit RuntimeFile(std::filesystem::path path) : path_(std::move(path)) { withdraw(); }
  RuntimeFile(const RuntimeFile&) = delete;
  RuntimeFile& operator=(const RuntimeFile&) = delete;
  ~RuntimeFile() { withdraw(); }

  [[nodiscard]] bool is_there() const noexcept;
  void withdraw() noexcept;

 protected:
  /// As a whole or not at all. Synced on this thread: /run is memory, which takes no time.
  net::Result<void> write_line(const std::string& line);

 private:
  std::filesystem::path path_;
};

/// ready: exists exactly while the node is ready, and holds the time since when.
class ReadyFile : public RuntimeFile {
 public:
  explicit ReadyFile(const std::filesystem::path& folder) : RuntimeFile(folder / "ready") {}
  net::Result<void> write(net::WallTime since) { return write_line(core::wall_time_text(since)); }
};

/// listening: the address of the running daemon, as http.listen spells it, for clients with another
/// configuration. Exists while the daemon listens.
class ListeningFile : public RuntimeFile {
 public:
  static constexpr auto kName = "listening";
  explicit ListeningFile(const std::filesystem::path& folder) : RuntimeFile(folder / kName) {}
  net::Result<void> write(const net::ListenAddress& listen) { return write_line(listen_text(listen)); }
};

/// What a daemon has written there. Whether to believe who listens there is another question (Trusted).
std::optional<net::ListenAddress> read_listening_file(const std::filesystem::path& folder);

}  // namespace agent
