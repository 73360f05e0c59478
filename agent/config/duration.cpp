#include "agent/config/duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>

namespace agent {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  milliseconds length;
};
constexpr std::array kUnits = {
    Unit{"h", std::chrono::hours(1)},
    Unit{"m", std::chrono::minutes(1)},
    Unit{"s", std::chrono::seconds(1)},
    Unit{"ms", milliseconds(1)},
};

/// Far above every limit in use, far below what 64 bits of milliseconds hold.
constexpr milliseconds kLongestDuration = std::chrono::hours(24 * 36525);

}  // namespace

net::Result<milliseconds> parse_duration(std::string_view text) {
  const auto refused = [text] {
    return net::failure(
        EINVAL,
        fmt::format("'{}' is not a duration: write numbers with units, such as 500ms, 90s or 1h30m", text));
  };
  milliseconds sum{0};
  std::size_t next_unit = 0;
  auto rest = text;
  do {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc{}) return refused();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));

    const auto name = rest.substr(0, rest.find_first_of("0123456789"));
    while (next_unit < kUnits.size() && kUnits.at(next_unit).name != name) ++next_unit;
    if (next_unit == kUnits.size()) return refused();
    const auto unit = kUnits.at(next_unit++).length;
    rest.remove_prefix(name.size());

    if (count > static_cast<std::uint64_t>((kLongestDuration - sum) / unit)) return refused();
    sum += static_cast<milliseconds::rep>(count) * unit;
  } while (!rest.empty());
  return sum;
}

std::string duration_text(milliseconds duration) {
  std::string text;
  for (const auto& unit : kUnits) {
    const auto count = duration / unit.length;
    if (count > 0) text += fmt::format("{}{}", count, unit.name);
    duration -= count * unit.length;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace agent
