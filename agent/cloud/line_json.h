#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

namespace agent {

/// A fraction that is made an integer is undefined where it is too large for one.
inline bool is_fit(const nlohmann::json& number) {
  // Times are the largest: in milliseconds, and the clock counts nanoseconds in 64 bits, to the year 2262.
  constexpr std::int64_t kLargest = 9'000'000'000'000;
  if (number.is_number_unsigned()) return number.get<std::uint64_t>() <= kLargest;
  return number.is_number_integer() && number.get<std::int64_t>() >= -kLargest;
}

/// A line of what the daemon and the program that asks Azure and Kubernetes say to each other. Each may be in
/// strange hands, so what neither says is refused as it is read: `treat` is called for each value and may
/// change it. Throws what nlohmann-json throws, or std::invalid_argument.
template <class Treat>
nlohmann::json parse_line(std::string_view line, Treat treat) {
  constexpr int kDeepest = 32;  // evidence has 8
  const auto look = [&treat](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (depth > kDeepest) throw std::invalid_argument("it is nested too deeply");
    if (event != nlohmann::json::parse_event_t::value) return true;
    if (value.is_number() && !is_fit(value))
      throw std::invalid_argument("a number in it is too large, or not whole");
    treat(value);
    return true;
  };
  return nlohmann::json::parse(line, look);
}

}  // namespace agent
