#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/log_event.h"
#include "net/names.h"

namespace agent {

/// `log.format`. `automatic` is the journal where systemd connected standard error to it, else text.
enum class LogFormat : std::uint8_t { automatic, journal, text, json };

inline constexpr auto kLevelNames =
    std::to_array<net::Named<core::LogLevel>>({{core::LogLevel::trace, "trace"},
                                               {core::LogLevel::debug, "debug"},
                                               {core::LogLevel::info, "info"},
                                               {core::LogLevel::warn, "warn"},
                                               {core::LogLevel::error, "error"}});
inline constexpr auto kFormatNames = std::to_array<net::Named<LogFormat>>({{LogFormat::automatic, "auto"},
                                                                           {LogFormat::journal, "journal"},
                                                                           {LogFormat::text, "text"},
                                                                           {LogFormat::json, "json"}});

/// The agent's log: one event is one line, whatever its message holds. Safe to use from any thread; an event
/// is written before the call returns. Writing never throws and never fails. It waits for a reader that hangs
/// 100 ms, once: what cannot be written is lost, and the next event that can be is preceded by how many were.
class Log {
 public:
  /// Events go to the descriptor (2 in the daemon; the log keeps a duplicate) or to journald. `automatic` is
  /// the journal when JOURNAL_STREAM names the descriptor, else text. Text is coloured on a terminal, unless
  /// NO_COLOR is set (https://no-color.org).
  Log(core::LogLevel level, LogFormat format, int descriptor);
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  void set_level(core::LogLevel level);
  /// From the next event on, in another format.
  void reopen(LogFormat format);

  /// Whoever hears of every event from `info` on, whatever log.level is. Set once, before other threads
  /// write.
  void set_witness(std::function<void(const core::LogEvent&)> witness) { witness_ = std::move(witness); }

  /// Writes the event, if its level is enabled. In text and in the journal, control characters and bytes that
  /// are not UTF-8 are escaped. An event that journald does not take is written as text.
  void write(const core::LogEvent& event) const;

  void trace(std::string message) const {
    write({.level = core::LogLevel::trace, .message = std::move(message)});
  }
  void debug(std::string message) const {
    write({.level = core::LogLevel::debug, .message = std::move(message)});
  }
  void info(std::string message) const { write({.message = std::move(message)}); }
  void warn(std::string message) const {
    write({.level = core::LogLevel::warn, .message = std::move(message)});
  }
  void error(std::string message) const {
    write({.level = core::LogLevel::error, .message = std::move(message)});
  }

 private:
  class Sink;
  std::unique_ptr<Sink> sink_;
  std::function<void(const core::LogEvent&)> witness_;
};

/// Reports why a command ends before it has a log: a line on standard error or, where that is connected to
/// the journal, an error there.
void complain(core::EventKind kind, const std::string& message);

}  // namespace agent
