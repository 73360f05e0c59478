#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace kubernetes {

/// "2026-03-01T12:00:00Z", with a fraction or an offset if need be (RFC 3339); nullopt for anything else.
std::optional<std::chrono::system_clock::time_point> from_rfc3339(std::string_view text);

}  // namespace kubernetes
