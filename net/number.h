#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace net {

/// The number that the whole text spells, as std::from_chars reads it: no blank, no plus, no overflow.
template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number{};
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace net
