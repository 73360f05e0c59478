#include "arm/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>

namespace arm {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr milliseconds kLongest = std::chrono::hours(24);
constexpr int kFirstYear = 1900;  // of std::tm

const std::string* header(const std::map<std::string, std::string>& headers, const char* name) {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : &found->second;
}

milliseconds bounded(milliseconds wait) { return std::clamp(wait, milliseconds(0), kLongest); }

std::optional<milliseconds> number_of(const std::string* text, milliseconds unit) {
  std::uint32_t number = 0;
  if (text == nullptr) return std::nullopt;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (stop != end || text->empty() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) return kLongest;
  return bounded(number * unit);
}

/// "Wed, 21 Oct 2015 07:28:00 GMT", the one form that RFC 9110 lets anyone send.
std::optional<system_clock::time_point> date_of(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  std::istringstream stream(*text);
  stream.imbue(std::locale::classic());
  std::tm parts{};
  stream >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S GMT");
  if (stream.fail()) return std::nullopt;
  const std::chrono::year_month_day day(std::chrono::year(parts.tm_year + kFirstYear),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

}  // namespace

std::optional<milliseconds> retry_after(const std::map<std::string, std::string>& headers,
                                        system_clock::time_point now) {
  for (const char* name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    if (const auto wait = number_of(header(headers, name), milliseconds(1))) return wait;
  }
  const auto* plain = header(headers, "retry-after");
  if (const auto wait = number_of(plain, std::chrono::seconds(1))) return wait;
  const auto until = date_of(plain);
  if (!until) return std::nullopt;
  const auto since = date_of(header(headers, "date")).value_or(now);
  return bounded(std::chrono::duration_cast<milliseconds>(*until - since));
}

}  // namespace arm
