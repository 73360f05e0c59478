// What the loop says of each turn: to who asks over HTTP, to the log and to the service manager.
#include <utility>

#include "agent/daemon/loop.h"
#include "agent/daemon/status_line.h"
#include "agent/daemon/version.h"

namespace agent {
void Daemon::Loop::publish() {
  auto snapshot = controller_.snapshot(Clock::now(), std::chrono::system_clock::now());
  snapshot.version = version();
  snapshot.config = in_force_;
  snapshot.changes = history_.list();
  const auto before = published_.read();
  if (before->ready && !snapshot.ready) {
    ready_file_.withdraw();
    ready_file_problem_.clear();
  }
  published_.publish(snapshot);
  tell_of_repairs();
  announce(*before, snapshot);
  persist_state();
}

/// What was put back without a look changes nothing else: the next one judges.
void Daemon::Loop::publish_repairs() {
  auto snapshot = *published_.read();
  snapshot.counters = controller_.counters();
  snapshot.changes = history_.list();
  published_.publish(std::move(snapshot));
  tell_of_repairs();
}

/// Once it is published: who has read of a repair finds it counted.
void Daemon::Loop::tell_of_repairs() {
  if (const auto event = repair_log_.event(Clock::now())) log_.write(*event);
}

void Daemon::Loop::tell_of_changes() {
  const auto snapshot = published_.read();
  const auto now = Clock::now();
  const auto phase = start_up_.phase(snapshot->ready, now);
  for (const auto& event : transition_log_.see(snapshot, phase, now)) log_.write(event);
}

void Daemon::Loop::announce(const core::Snapshot& before, const core::Snapshot& after) {
  tell_of_changes();
  const bool first = before.version.empty();
  if (after.ready && (!before.ready || first)) {
    write_ready_file(after);
    has_been_ready_ = true;
    config_watch_.end();
  }
  if (after.ready_for_kubelet && !std::exchange(said_ready_, true)) {
    if (!after.ready) log_.write(kubelet_may_start(after));
    (void)notifier_.ready();
  }
  say_status(after);
  if (beat_.expiry() > Clock::now() + between_beats()) await_beat();  // there is more reason for one now
}

void Daemon::Loop::write_ready_file(const core::Snapshot& snapshot) {
  say_once(ready_file_.write(*snapshot.ready_since), ready_file_problem_);
}

void Daemon::Loop::say_once(const net::Result<void>& written, std::string& problem) {
  const auto before = std::exchange(problem, written ? "" : written.error().what);
  if (!written && problem != before)
    log_.write(warning(EventKind::file_refused, problem + "; it is tried again with each beat"));
}

/// In /run, which is memory, there may have been no room for a moment.
void Daemon::Loop::write_what_is_owed() {
  const auto snapshot = published_.read();
  if (snapshot->ready && !ready_file_problem_.empty()) write_ready_file(*snapshot);
  if (server_ && !listening_file_problem_.empty()) tell_where_it_listens();
}

void Daemon::Loop::say_status(const core::Snapshot& snapshot) {
  if (snapshot.version.empty()) return;  // nothing has been published yet
  auto line = status_line(snapshot, {.has_been_ready = has_been_ready_,
                                     .is_started = said_ready_,
                                     .file = sources_.file ? sources_.file->string() : "",
                                     .file_is_watched = config_watch_.is_on(),
                                     .refused = refused_configuration_,
                                     .not_listening = not_listening_});
  if (line == last_status_) return;
  (void)notifier_.status(line);
  last_status_ = std::move(line);
}

}  // namespace agent
