#include "agent/log/log.h"

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <utility>
#include <vector>

#include "agent/log/line_writer.h"
#include "agent/log/one_line.h"
#include "net/mutex.h"
#include "systemd/journal.h"

namespace agent {
namespace {

constexpr const char* kIdentifier = "calico-azure-agent";

// %* is the level's word: spdlog's own %l says "warning" where the configuration says "warn".
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %* %v";
// The payload is the rest of the object (json_members).
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%*",%v)";

/// A level for the journal and on a terminal.
struct LevelStyle {
  int priority;  ///< syslog(3)'s
  std::string_view colour;
};
constexpr LevelStyle style_of(core::LogLevel level) {
  switch (level) {
    case core::LogLevel::trace:
      return {7, "\x1b[37m"};
    case core::LogLevel::debug:
      return {7, "\x1b[36m"};
    case core::LogLevel::info:
      return {6, "\x1b[32m"};
    case core::LogLevel::warn:
      return {4, "\x1b[33m\x1b[1m"};
    case core::LogLevel::error:
      break;
  }
  return {3, "\x1b[31m\x1b[1m"};
}

static_assert(static_cast<int>(core::LogLevel::trace) == SPDLOG_LEVEL_TRACE &&
              static_cast<int>(core::LogLevel::error) == SPDLOG_LEVEL_ERROR);
spdlog::level::level_enum spdlog_level(core::LogLevel level) {
  return static_cast<spdlog::level::level_enum>(level);
}

class LevelWord : public spdlog::custom_flag_formatter {
 public:
  explicit LevelWord(bool coloured) : coloured_(coloured) {}
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const auto level = static_cast<core::LogLevel>(message.level);
    const auto colour = coloured_ ? style_of(level).colour : "";
    const std::string_view reset = coloured_ ? "\x1b[m" : "";
    for (const auto part : {colour, net::name_of(kLevelNames, level), reset})
      out.append(part.data(), part.data() + part.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelWord>(coloured_);
  }

 private:
  const bool coloured_;
};

bool is_coloured(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && isatty(descriptor) == 1;
}

/// Formatted lines go to a LineWriter, which knows whether they were written.
class LineSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit LineSink(int descriptor) : coloured_(is_coloured(descriptor)), writer_(descriptor) {}
  void set_format(LogFormat format) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, "\n");
    formatter->add_flag<LevelWord>('*', coloured_ && format != LogFormat::json);
    formatter->set_pattern(format == LogFormat::json ? kJsonPattern : kTextPattern);
    set_formatter(std::move(formatter));
  }
  /// Whether a line was lost, in whole or in part, since the last call.
  [[nodiscard]] bool take_loss() { return std::exchange(lost_, false); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    lost_ = !writer_.write({line.data(), line.size()});
  }
  void flush_() override {}

  const bool coloured_;
  LineWriter writer_;
  bool lost_ = false;
};

bool is_journals(int descriptor) {
  return systemd::journal_attached(descriptor) || systemd::journal_was_away(descriptor);
}

LogFormat resolved(LogFormat format, int descriptor) {
  if (format != LogFormat::automatic) return format;
  return is_journals(descriptor) ? LogFormat::journal : LogFormat::text;
}

bool sent_to_journal(const core::LogEvent& event, std::string_view line) {
  std::vector<systemd::JournalField> named = {{"SYSLOG_IDENTIFIER", kIdentifier}};
  if (const auto* kind = find_kind(event.kind)) named.emplace_back("MESSAGE_ID", kind->message_id);
  for (const auto& field : event.fields) named.emplace_back("AGENT_" + std::string(field.name), field.value);
  return systemd::journal_send(style_of(event.level).priority, line, named).has_value();
}

}  // namespace

class Log::Sink {
 public:
  Sink(core::LogLevel level, LogFormat format, int descriptor)
      : descriptor_(descriptor),
        lines_(std::make_shared<LineSink>(descriptor)),
        logger_(kIdentifier, lines_) {
    set_level(level);
    reopen(format);
  }

  void set_level(core::LogLevel level) { logger_.set_level(spdlog_level(level)); }

  void reopen(LogFormat format) {
    const net::Lock lock(mutex_);
    format_ = resolved(format, descriptor_);
    lines_->set_format(format_);
  }

  void write(const core::LogEvent& event) {
    if (!logger_.should_log(spdlog_level(event.level))) return;
    const net::Lock lock(mutex_);
    if (lost_ > 0) {
      if (!deliver(core::warning(core::EventKind::events_lost,
                                 fmt::format("{} events were lost: the log was not read", lost_)))) {
        ++lost_;
        return;
      }
      lost_ = 0;
    }
    if (!deliver(event)) ++lost_;
  }

 private:
  bool deliver(const core::LogEvent& event) CAA_REQUIRES(mutex_) {
    if (format_ == LogFormat::json) return write_line(event.level, json_members(event));
    const auto line = one_line(event.message);
    if (format_ == LogFormat::journal && sent_to_journal(event, line)) return true;
    return write_line(event.level, line);
  }

  bool write_line(core::LogLevel level, const std::string& payload) CAA_REQUIRES(mutex_) {
    logger_.log(spdlog_level(level), spdlog::string_view_t(payload));
    return !lines_->take_loss();
  }

  const int descriptor_;
  net::Mutex mutex_;  ///< guards the logger and its sink too, but for the level
  LogFormat format_ CAA_GUARDED_BY(mutex_) = LogFormat::text;
  std::size_t lost_ CAA_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<LineSink> lines_;
  spdlog::logger logger_;
};

Log::Log(core::LogLevel level, LogFormat format, int descriptor)
    : sink_(std::make_unique<Sink>(level, format, descriptor)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

void Log::set_level(core::LogLevel level) { sink_->set_level(level); }

void Log::reopen(LogFormat format) { sink_->reopen(format); }

void Log::write(const core::LogEvent& event) const {
  if (witness_ && event.level >= core::LogLevel::info) witness_(event);
  sink_->write(event);
}

void complain(core::EventKind kind, const std::string& message) {
  if (is_journals(STDERR_FILENO)) {
    Log(core::LogLevel::error, LogFormat::journal, STDERR_FILENO)
        .write({.kind = kind, .level = core::LogLevel::error, .message = message});
  } else {
    std::cerr << message << '\n';
  }
}

}  // namespace agent
