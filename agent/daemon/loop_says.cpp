// What the loop says of each turn: to who asks over HTTP, to the log and to the service manager.
#include <fmt/format.h>

#include <utility>

#include "agent/daemon/loop.h"
#include "agent/daemon/version.h"

namespace agent {
namespace {

using Clock = std::chrono::steady_clock;

std::string reasons_not_ready(const Snapshot& snapshot) {
  std::string text;
  for (const auto& check : snapshot.checks) {
    if (check.holds()) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", check.id, check.message);
  }
  return text;
}

}  // namespace

void Daemon::Loop::publish() {
  auto snapshot = keeper_.snapshot(Clock::now(), std::chrono::system_clock::now());
  snapshot.version = version();
  snapshot.config = in_force_;
  snapshot.changes = history_.list();
  const auto before = published_.read();
  if (before->ready && !snapshot.ready) ready_file_.withdraw();
  published_.publish(snapshot);
  tell_of_repairs();
  announce(*before, snapshot);
  keep_what_is();
}

/// What was put back without a look changes nothing else: the next one judges.
void Daemon::Loop::publish_repairs() {
  auto snapshot = *published_.read();
  snapshot.counters = keeper_.counters();
  snapshot.changes = history_.list();
  published_.publish(std::move(snapshot));
  tell_of_repairs();
}

/// Once it is published: who has read of a repair finds it counted.
void Daemon::Loop::tell_of_repairs() {
  if (const auto event = repair_log_.event(Clock::now())) log_.write(*event);
}

void Daemon::Loop::announce(const Snapshot& before, const Snapshot& after) {
  const auto phase = start_up_.phase(after.ready, Clock::now());
  for (const auto& event : transitions(before, after, phase)) log_.write(event);
  const bool first = before.version.empty();
  if (after.ready && (!before.ready || first)) {
    if (const auto written = ready_file_.write(*after.ready_since); !written)
      log_.write(warning(EventKind::file_refused, written.error().what));
    if (!std::exchange(said_ready_, true)) (void)notifier_.ready();
  }
  if (first || before.ready != after.ready || reasons_not_ready(before) != reasons_not_ready(after))
    say_status(after);
  if (beat_.expiry() > Clock::now() + between_beats()) await_beat();  // there is more reason for one now
}

void Daemon::Loop::say_status(const Snapshot& snapshot) {
  const auto text = snapshot.ready
                        ? fmt::format("ready: {} routes by {}", snapshot.routes.size(), snapshot.nic.name)
                        : "waiting for " + reasons_not_ready(snapshot);
  (void)notifier_.status(text);
}

}  // namespace agent
