#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "net/error.h"

namespace agent {

/// Whole numbers with the units h, m, s and ms, each at most once and the larger first: "90s", "1h30m",
/// "500ms". EINVAL for anything else (a bare number, a fraction, a sign, a blank) and for more than 100
/// years.
net::Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration() takes for the same duration, never negative: "1m30s", "0s".
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace agent
