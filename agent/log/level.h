#pragma once

#include <array>
#include <cstdint>

#include "net/names.h"

#include "core/log_event.h"

namespace agent {

using core::LogLevel;

/// `log.format`. `automatic` is the journal where systemd connected standard error to it, else text.
enum class LogFormat : std::uint8_t { automatic, journal, text, json };

inline constexpr auto kLevelNames = std::to_array<net::Named<LogLevel>>({{LogLevel::trace, "trace"},
                                                                         {LogLevel::debug, "debug"},
                                                                         {LogLevel::info, "info"},
                                                                         {LogLevel::warn, "warn"},
                                                                         {LogLevel::error, "error"}});
inline constexpr auto kFormatNames = std::to_array<net::Named<LogFormat>>({{LogFormat::automatic, "auto"},
                                                                           {LogFormat::journal, "journal"},
                                                                           {LogFormat::text, "text"},
                                                                           {LogFormat::json, "json"}});

}  // namespace agent
