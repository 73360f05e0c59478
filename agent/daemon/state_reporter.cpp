#include "agent/daemon/state_reporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace agent {

namespace {

/// Nothing once the node has been ready: from then on it is a service like any other.
std::string fate_of_an_edit(const StatusNotes& notes) {
  if (notes.has_been_ready || notes.file.empty()) return "";
  if (!notes.refused.empty())
    return fmt::format("{}: until it is fixed the old configuration stays in force", notes.refused);
  if (notes.file_is_watched) return fmt::format("an edited {} takes effect by itself", notes.file);
  return fmt::format("an edited {} takes effect with systemctl {} calico-azure-agent", notes.file,
                     notes.is_started ? "reload" : "kill --signal=HUP");
}

}  // namespace

std::string reasons_not_ready(const core::Snapshot& snapshot) {
  std::string text;
  for (const auto& check : snapshot.checks) {
    if (check.holds()) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", check.id, check.message);
  }
  return text;
}

std::string status_line(const core::Snapshot& snapshot, const StatusNotes& notes) {
  auto line = snapshot.ready
                  ? fmt::format("ready: {} routes by {}", snapshot.routes.size(), snapshot.nic.name)
                  : "waiting for " + reasons_not_ready(snapshot);
  if (!snapshot.ready && snapshot.ready_for_kubelet) line += ", which comes with the kubelet";
  for (const auto& note : {notes.not_listening, snapshot.ready ? "" : fate_of_an_edit(notes)}) {
    if (!note.empty()) line += " | " + note;
  }
  return line;
}

namespace {

using Duration = std::chrono::steady_clock::duration;

// /livez tolerates 90 s without a beat (heartbeat.h).
constexpr Duration kBeat = std::chrono::seconds(20);
constexpr Duration kQuietBeat = std::chrono::seconds(70);
// While the service manager has no room for what it was told.
constexpr Duration kBeatWhileUnsent = std::chrono::seconds(1);
// Azure may take its time; a loop that no longer turns may not. More than two beats.
constexpr auto kStartExtension = std::chrono::seconds(60);

}  // namespace

StateReporter::StateReporter(const std::filesystem::path& runtime_folder, const Log& log)
    : log_(log), ready_file_(runtime_folder), listening_file_(runtime_folder) {}

void StateReporter::ready(net::WallTime since) {
  ready_since_ = since;
  has_been_ready_ = true;
  write_ready_file();
}

void StateReporter::not_ready() {
  ready_file_.withdraw();
  ready_since_.reset();
  ready_file_problem_.clear();
}

void StateReporter::service_is_ready() {
  is_started_ = true;
  (void)notifier_.ready();
}

void StateReporter::reloading() { (void)notifier_.reloading(); }

void StateReporter::reloaded() {
  if (is_started_) (void)notifier_.ready();
}

void StateReporter::status(std::string line) {
  if (line == last_status_) return;
  (void)notifier_.status(line);
  last_status_ = std::move(line);
}

void StateReporter::listens_at(net::ListenAddress where) {
  listen_ = std::move(where);
  write_listening_file();
}

void StateReporter::stopping() {
  ready_file_.withdraw();
  listening_file_.withdraw();
  (void)notifier_.stopping();
}

void StateReporter::beat() {
  // Somebody may have removed them, or there was no room.
  if (ready_since_ && !ready_file_.is_there()) write_ready_file();
  if (listen_ && !listening_file_.is_there()) write_listening_file();
  if (notifier_.waiting() || notifier_.watchdog_interval()) (void)notifier_.watchdog();
  if (!is_started_) (void)notifier_.extend_timeout(kStartExtension);
}

Duration StateReporter::until_next_beat() const {
  const bool owes = !ready_file_problem_.empty() || !listening_file_problem_.empty();
  const auto ours = notifier_.waiting() ? kBeatWhileUnsent : ready_since_ && !owes ? kQuietBeat : kBeat;
  const auto asked = notifier_.watchdog_interval();
  return asked ? std::min<Duration>(ours, *asked) : ours;
}

void StateReporter::write_ready_file() { note(ready_file_.write(*ready_since_), ready_file_problem_); }

void StateReporter::write_listening_file() { note(listening_file_.write(*listen_), listening_file_problem_); }

void StateReporter::note(const net::Result<void>& written, std::string& problem) {
  const auto before = std::exchange(problem, written ? "" : written.error().what);
  if (!written && problem != before)
    log_.write(core::warning(core::EventKind::file_refused, problem + "; it is tried again with each beat"));
}

}  // namespace agent
