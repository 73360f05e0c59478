#include "agent/http/time_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace agent::http {
namespace {

std::tm utc(net::WallTime time) {
  return fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time)));
}

std::string in_units(std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit) {
  return small == 0 ? fmt::format("{} {}", large, large_unit)
                    : fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
}

}  // namespace

std::string utc_text(net::WallTime time) { return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", utc(time)); }

std::string http_date(net::WallTime time) { return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", utc(time)); }

std::string unix_seconds(net::WallTime time) {
  const std::int64_t total =
      std::chrono::floor<std::chrono::milliseconds>(std::max(time, net::WallTime{}).time_since_epoch())
          .count();
  return fmt::format("{}.{:03}", total / 1000, total % 1000);
}

std::string duration_text(std::chrono::seconds duration) {
  const std::int64_t total = std::max<std::int64_t>(0, duration.count());
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{} min", total / 60);
  if (total < 86'400) return in_units(total / 3600, "h", total / 60 % 60, "min");
  return in_units(total / 86'400, "d", total / 3600 % 24, "h");
}

}  // namespace agent::http
