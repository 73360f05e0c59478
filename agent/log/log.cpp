#include "agent/log/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <new>
#include <utility>
#include <vector>

#include "agent/log/json_line.h"
#include "agent/log/line_writer.h"
#include "agent/log/one_line.h"
#include "net/mutex.h"
#include "systemd/journal.h"

namespace agent {
namespace {

using TextSink = spdlog::sinks::ansicolor_sink<spdlog::details::console_nullmutex>;

constexpr const char* kIdentifier = "calico-azure-agent";

// %* is the level's word: spdlog's own %l says "warning" where the configuration says "warn".
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %^%*%$ %v";
// The payload is the rest of the object (json_members).
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%*",%v)";

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

LogLevel level_of(spdlog::level::level_enum level) {
  for (const auto each : {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn}) {
    if (spdlog_level(each) == level) return each;
  }
  return LogLevel::error;
}

/// syslog(3)'s priorities.
int journal_priority(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
    case LogLevel::debug:
      return 7;
    case LogLevel::info:
      return 6;
    case LogLevel::warn:
      return 4;
    case LogLevel::error:
      break;
  }
  return 3;
}

class LevelWord : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const auto word = level_name(level_of(message.level));
    out.append(word.data(), word.data() + word.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelWord>();
  }
};

std::unique_ptr<spdlog::formatter> formatter_for(LogFormat format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, "\n");
  formatter->add_flag<LevelWord>('*');
  formatter->set_pattern(format == LogFormat::json ? kJsonPattern : kTextPattern);
  return formatter;
}

LogFormat resolved(LogFormat format, int descriptor) {
  if (format != LogFormat::automatic) return format;
  return systemd::journal_attached(descriptor) ? LogFormat::journal : LogFormat::text;
}

spdlog::color_mode colour_for(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool wanted = no_color == nullptr || *no_color == '\0';
  return wanted && isatty(descriptor) == 1 ? spdlog::color_mode::always : spdlog::color_mode::never;
}

/// A stream in memory, for spdlog's sink writes to nothing else than streams.
class LineBuffer {
 public:
  LineBuffer() : stream_(open_memstream(&text_, &size_)) {
    if (stream_ == nullptr) throw std::bad_alloc();
  }
  LineBuffer(const LineBuffer&) = delete;
  LineBuffer& operator=(const LineBuffer&) = delete;
  ~LineBuffer() {
    std::fclose(stream_);
    std::free(text_);
  }
  [[nodiscard]] std::FILE* stream() const { return stream_; }
  /// What was written since the last call; valid until the next write.
  std::string_view take() {
    std::fflush(stream_);
    const std::string_view text(text_, size_);
    std::rewind(stream_);
    return text;
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
};

bool sent_to_journal(const Event& event, std::string_view line) {
  std::vector<systemd::JournalField> named = {{"SYSLOG_IDENTIFIER", kIdentifier}};
  if (const auto* kind = find_kind(event.kind)) named.emplace_back("MESSAGE_ID", kind->message_id);
  for (const auto& field : event.fields) named.emplace_back("AGENT_" + std::string(field.name), field.value);
  return systemd::journal_send(journal_priority(event.level), line, named).has_value();
}

}  // namespace

class Log::Sink {
 public:
  Sink(LogLevel level, LogFormat format, int descriptor)
      : descriptor_(descriptor),
        writer_(descriptor),
        text_(std::make_shared<TextSink>(line_.stream(), colour_for(descriptor))),
        logger_(kIdentifier, text_) {
    logger_.set_level(spdlog_level(level));
    reopen(format);
  }

  void set_level(LogLevel level) { logger_.set_level(spdlog_level(level)); }

  void reopen(LogFormat format) {
    const net::Lock lock(mutex_);
    format_ = resolved(format, descriptor_);
    text_->set_formatter(formatter_for(format_));
  }

  void write(const Event& event) {
    if (!logger_.should_log(spdlog_level(event.level))) return;
    const net::Lock lock(mutex_);
    if (lost_ > 0) {
      if (!deliver(warning(EventKind::events_lost,
                           fmt::format("{} events were lost: nobody read the log", lost_)))) {
        ++lost_;
        return;
      }
      lost_ = 0;
    }
    if (!deliver(event)) ++lost_;
  }

 private:
  bool deliver(const Event& event) CAA_REQUIRES(mutex_) {
    if (format_ == LogFormat::json) return write_line(event.level, json_members(event));
    const auto line = one_line(event.message);
    if (format_ == LogFormat::journal && sent_to_journal(event, line)) return true;
    return write_line(event.level, line);
  }

  bool write_line(LogLevel level, const std::string& payload) CAA_REQUIRES(mutex_) {
    logger_.log(spdlog_level(level), spdlog::string_view_t(payload));
    return writer_.write(line_.take());
  }

  const int descriptor_;
  net::Mutex mutex_;  ///< guards the logger and its sink too, but for the level
  LogFormat format_ CAA_GUARDED_BY(mutex_) = LogFormat::text;
  LineBuffer line_ CAA_GUARDED_BY(mutex_);
  LineWriter writer_ CAA_GUARDED_BY(mutex_);
  std::size_t lost_ CAA_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<TextSink> text_;
  spdlog::logger logger_;
};

Log::Log(LogLevel level, LogFormat format, int descriptor)
    : sink_(std::make_unique<Sink>(level, format, descriptor)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

void Log::set_level(LogLevel level) { sink_->set_level(level); }

void Log::reopen(LogFormat format) { sink_->reopen(format); }

void Log::write(const Event& event) const { sink_->write(event); }

void complain(EventKind kind, const std::string& message) {
  if (systemd::journal_attached(STDERR_FILENO)) {
    Log(LogLevel::error, LogFormat::journal, STDERR_FILENO)
        .write({.kind = kind, .level = LogLevel::error, .message = message});
  } else {
    std::cerr << message << '\n';
  }
}

}  // namespace agent
