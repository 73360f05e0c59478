#include "systemd/notify.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <system_error>

namespace systemd {
namespace {

net::Result<void> send(const std::string& assignments) {
  const int sent = sd_notify(/*unset_environment=*/0, assignments.c_str());
  if (sent >= 0) return {};
  return net::failure(-sent, fmt::format("the service manager could not be told {}: {}",
                                         assignments.substr(0, assignments.find('\n')),
                                         std::system_category().message(-sent)));
}

}  // namespace

bool Notifier::attached() { return std::getenv("NOTIFY_SOCKET") != nullptr; }

net::Result<void> Notifier::ready() const { return send("READY=1"); }

net::Result<void> Notifier::status(std::string_view text) const {
  std::string line(text);
  // A newline would begin another assignment: STATUS=…\nREADY=1.
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  std::replace_if(line.begin(), line.end(), is_control, ' ');
  return send("STATUS=" + line);
}

net::Result<void> Notifier::stopping() const { return send("STOPPING=1"); }

net::Result<void> Notifier::reloading() const {
  // CLOCK_MONOTONIC, which libstdc++'s steady_clock reads.
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                          std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

net::Result<void> Notifier::watchdog() const { return send("WATCHDOG=1"); }

net::Result<void> Notifier::extend_timeout(std::chrono::microseconds longer) const {
  return send(fmt::format("EXTEND_TIMEOUT_USEC={}", longer.count()));
}

std::optional<std::chrono::microseconds> Notifier::watchdog_interval() const {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(/*unset_environment=*/0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace systemd
