#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "agent/daemon/runtime_files.h"
#include "agent/log/log.h"
#include "core/snapshot.h"
#include "net/listen_address.h"
#include "systemd/notify.h"

namespace agent {

/// What `systemctl status` shows beside the node's state.
struct StatusNotes {
  bool has_been_ready = false;  ///< the node, since the start
  bool is_started = false;      ///< READY=1 was sent: a reload no longer waits for the start
  std::string file;             ///< of the configuration; empty: none is read
  bool file_is_watched = false;
  std::string refused;        ///< what is wrong with it as it is now; the one before is in force
  std::string not_listening;  ///< why nothing is served over HTTP
};

/// STATUS=: how the node stands, what it waits for, and what an edited configuration file then needs.
std::string status_line(const core::Snapshot& snapshot, const StatusNotes& notes);

/// "ID: MESSAGE; …" of the gates that fail.
std::string reasons_not_ready(const core::Snapshot& snapshot);

/// Tells the service manager, and who reads the files in /run/calico-azure-agent, how the node stands. A file
/// that could not be written is tried again with each beat; the same problem is logged once. One thread.
class StateReporter {
 public:
  StateReporter(const std::filesystem::path& runtime_folder, const Log& log);

  /// The ready file is there from ready() to not_ready().
  void ready(net::WallTime since);
  void not_ready();
  /// READY=1, and after each reload from then on.
  void service_is_ready();
  void reloading();
  void reloaded();
  /// STATUS=, where it is another one than before.
  void status(std::string line);
  void listens_at(net::ListenAddress where);
  /// STOPPING=1; both files go.
  void stopping();

  /// WATCHDOG=1, more time for a start that waits for Azure, and what could not be written before.
  void beat();
  /// How long until the next beat. Of a node that is ready longer than IMDS's default interval, so that the
  /// turn after each answer does for it; no longer than the service manager's watchdog asks for.
  [[nodiscard]] std::chrono::steady_clock::duration until_next_beat() const;

  [[nodiscard]] bool has_been_ready() const { return has_been_ready_; }
  /// READY=1 has been sent: a reload no longer waits for the start.
  [[nodiscard]] bool is_started() const { return is_started_; }

 private:
  void write_ready_file();
  void write_listening_file();
  void note(const net::Result<void>& written, std::string& problem);

  const Log& log_;
  systemd::Notifier notifier_;
  ReadyFile ready_file_;
  ListeningFile listening_file_;
  std::optional<net::WallTime> ready_since_;
  std::optional<net::ListenAddress> listen_;
  std::string ready_file_problem_;
  std::string listening_file_problem_;
  std::string last_status_;
  bool has_been_ready_ = false;
  bool is_started_ = false;
};

}  // namespace agent
