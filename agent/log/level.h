#pragma once

#include <cstdint>
#include <string_view>

#include "core/log_event.h"

namespace agent {

using core::LogLevel;

/// `log.format`. `automatic` is the journal where systemd connected standard error to it, else text.
enum class LogFormat : std::uint8_t { automatic, journal, text, json };

/// "trace", "debug", "info", "warn", "error".
constexpr std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return "trace";
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "";
}

/// "auto", "journal", "text", "json".
constexpr std::string_view format_name(LogFormat format) {
  switch (format) {
    case LogFormat::automatic:
      return "auto";
    case LogFormat::journal:
      return "journal";
    case LogFormat::text:
      return "text";
    case LogFormat::json:
      return "json";
  }
  return "";
}

}  // namespace agent
