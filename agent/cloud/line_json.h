#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "json/json.h"

namespace agent {

/// A fraction that is made an integer is undefined where it is too large for one.
inline bool is_fit(const json::Value& number) {
  // Times are the largest: in milliseconds, and the clock counts nanoseconds in 64 bits, to the year 2262.
  constexpr std::int64_t kLargest = 9'000'000'000'000;
  if (number.is_number_unsigned()) return number.get<std::uint64_t>() <= kLargest;
  return number.is_number_integer() && number.get<std::int64_t>() >= -kLargest;
}

/// Calls `treat` for each value that is neither an object nor a list; it may change it.
template <class Treat>
void treat_leaves(json::Value& value, const Treat& treat) {
  if (value.is_structured()) {
    for (auto& each : value) treat_leaves(each, treat);
  } else {
    treat(value);
  }
}

/// A line between the daemon and the program that asks Azure and Kubernetes. Either may be compromised, so
/// what neither writes is refused. Throws std::invalid_argument.
template <class Treat>
json::Value parse_line(std::string_view line, const Treat& treat) {
  auto parsed = json::parse(line, json::kStrict);
  if (!parsed) throw std::invalid_argument("it is " + parsed.error().what);
  treat_leaves(*parsed, [&treat](json::Value& value) {
    if (value.is_number() && !is_fit(value))
      throw std::invalid_argument("a number in it is too large, or not whole");
    treat(value);
  });
  return std::move(*parsed);
}

}  // namespace agent
