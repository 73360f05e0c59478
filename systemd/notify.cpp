#include "systemd/notify.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "systemd/datagram_room.h"

namespace systemd {
namespace {

/// What kind of message this is: "STATUS".
std::string_view kind(std::string_view assignments) { return assignments.substr(0, assignments.find('=')); }

net::Result<void> send(const std::string& assignments) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return {};
  const auto room = datagram_room(path);
  const bool full = !room && room.error().code.value() == EAGAIN;
  const int sent = full ? -EAGAIN : sd_notify(/*unset_environment=*/0, assignments.c_str());
  if (sent >= 0) return {};
  return net::failure(-sent, fmt::format("the service manager did not get {}: {}",
                                         assignments.substr(0, assignments.find('\n')),
                                         full ? fmt::format("it does not read {}; kept until it does", path)
                                              : std::system_category().message(-sent)));
}

}  // namespace

bool Notifier::attached() { return std::getenv("NOTIFY_SOCKET") != nullptr; }

net::Result<void> Notifier::ready() { return say("READY=1"); }

net::Result<void> Notifier::status(std::string_view text) {
  std::string line(text);
  // A newline would begin another assignment: STATUS=…\nREADY=1.
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  std::replace_if(line.begin(), line.end(), is_control, ' ');
  return say("STATUS=" + line);
}

net::Result<void> Notifier::stopping() { return say("STOPPING=1"); }

net::Result<void> Notifier::reloading() {
  // CLOCK_MONOTONIC, which libstdc++'s steady_clock reads.
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return say(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                         std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

net::Result<void> Notifier::watchdog() { return say("WATCHDOG=1"); }

net::Result<void> Notifier::extend_timeout(std::chrono::microseconds longer) {
  return say(fmt::format("EXTEND_TIMEOUT_USEC={}", longer.count()));
}

net::Result<void> Notifier::say(std::string assignments) {
  std::erase_if(kept_, [&](const std::string& each) { return kind(each) == kind(assignments); });
  kept_.push_back(std::move(assignments));
  net::Result<void> outcome;
  while (!kept_.empty()) {
    auto sent = send(kept_.front());
    if (!sent && sent.error().code.value() == EAGAIN) return sent;
    if (!sent) outcome = std::move(sent);
    kept_.pop_front();
  }
  return outcome;
}

std::optional<std::chrono::microseconds> Notifier::watchdog_interval() const {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(/*unset_environment=*/0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace systemd
