#include "systemd/notify.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "systemd/datagram.h"

namespace systemd {
namespace {

/// What kind of message this is: "STATUS".
std::string_view kind(std::string_view assignments) { return assignments.substr(0, assignments.find('=')); }

net::Result<void> send(const std::string& assignments) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return {};
  const auto sent = send_datagram(path, assignments);
  if (sent) return {};
  const int error = sent.error().code.value();
  return net::failure(
      error,
      fmt::format("the service manager did not get {}: {}", assignments.substr(0, assignments.find('\n')),
                  error == EAGAIN ? fmt::format("it does not read {}; kept until it does", path)
                                  : std::system_category().message(error)));
}

/// A number in the environment; absent for none.
std::optional<std::uint64_t> number_of(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
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
  const auto microseconds = number_of("WATCHDOG_USEC");
  const bool is_watched = std::getenv("WATCHDOG_PID") == nullptr ||
                          number_of("WATCHDOG_PID") == static_cast<std::uint64_t>(::getpid());
  if (!microseconds || *microseconds == 0 || !is_watched) return std::nullopt;
  return std::chrono::microseconds(*microseconds / 2);
}

}  // namespace systemd
