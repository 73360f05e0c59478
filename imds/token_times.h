#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace imds {

/// "86317", "86317.0": a number of seconds, up to 2100 when counted from 1970; nullopt for anything
/// else.
std::optional<std::chrono::seconds> parse_seconds(std::string_view text);

/// A moment in any of the ways that token endpoints write `expires_on` (the Microsoft Authentication Library
/// for Go takes the same ones): seconds since 1970, "2024-03-08T11:06:37Z" and its variants with a space, a
/// fraction or an offset, "03/08/2024 11:06:37 +00:00". UTC without an offset; nullopt for anything else.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

}  // namespace imds
