#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "agent/log/level.h"

namespace agent {

/// One datum of an event, for machines: {"CHECK", "sysctl.ip_forward"}. Names are upper-case constants of the
/// code and none is TIME, LEVEL or MESSAGE; the journal shows CALICO_AZURE_AGENT_CHECK, JSON "check". Text
/// leaves fields out, so a message says it all by itself.
struct LogField {
  std::string_view name;
  std::string value;
};

/// The agent's log: one event is one line, whatever its message holds. Safe to use from any thread; an event
/// is written before the call returns. Writing never throws and never fails. It waits for a reader who hangs
/// 100 ms, once: what cannot be written is lost, and the next event that can be is preceded by how many were.
class Log {
 public:
  /// Events go to the descriptor (2 in the daemon; the log keeps a duplicate) or to journald. `automatic` is
  /// the journal when JOURNAL_STREAM names the descriptor, else text. Text is coloured on a terminal, unless
  /// NO_COLOR is set (https://no-color.org).
  Log(LogLevel level, LogFormat format, int descriptor);
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  void set_level(LogLevel level);
  /// From the next event on, in another format.
  void reopen(LogFormat format);

  /// Writes the event, if its level is enabled. In text and in the journal, control characters and bytes that
  /// are not UTF-8 are escaped. An event that journald does not take is written as text.
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) const;

  void trace(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    write(LogLevel::trace, message, fields);
  }
  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    write(LogLevel::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    write(LogLevel::info, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    write(LogLevel::warn, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    write(LogLevel::error, message, fields);
  }

 private:
  class Sink;
  std::unique_ptr<Sink> sink_;
};

}  // namespace agent
