#include "imds/token.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace imds {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::int64_t kFarthest = 4'102'444'800;  // 2100-01-01: beyond it the number is no time in seconds

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the text apart from the front; wrong once anything did not fit.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  unsigned number(std::size_t digits) {
    unsigned value = 0;
    const auto field = rest_.substr(0, digits);
    const bool sound = field.size() == digits && std::all_of(field.begin(), field.end(), is_digit);
    if (!sound) {
      wrong_ = true;
      return 0;
    }
    std::from_chars(field.data(), field.data() + digits, value);
    rest_.remove_prefix(digits);
    return value;
  }

  /// True when one of these characters came, which is taken.
  bool took(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(std::string_view any_of) { wrong_ = !took(any_of) || wrong_; }

  void skip_fraction() {
    if (!took(".")) return;
    wrong_ = rest_.empty() || !is_digit(rest_.front()) || wrong_;
    while (!rest_.empty() && is_digit(rest_.front())) rest_.remove_prefix(1);
  }

  /// "Z", "+00:00", "-05:30" or nothing; true at the end of the text.
  [[nodiscard]] std::optional<seconds> offset() {
    took(" ");
    seconds offset{0};
    if (!took("Zz") && !rest_.empty()) {
      const bool west = took("-");
      if (!west) expect("+");
      const auto hours = number(2);
      expect(":");
      offset = std::chrono::hours(hours) + std::chrono::minutes(number(2));
      if (west) offset = -offset;
    }
    if (wrong_ || !rest_.empty()) return std::nullopt;
    return offset;
  }

 private:
  std::string_view rest_;
  bool wrong_ = false;
};

std::optional<system_clock::time_point> parse_date(std::string_view text) {
  using namespace std::chrono;
  Reader reader(text);
  const auto field = [&reader](std::size_t digits, std::string_view end) {
    const auto value = reader.number(digits);
    reader.expect(end);
    return value;
  };
  unsigned year_number = 0;
  unsigned month_number = 0;
  unsigned day_number = 0;
  if (text.find('/') == 2) {
    month_number = field(2, "/");
    day_number = field(2, "/");
    year_number = field(4, " ");
  } else {
    year_number = field(4, "-");
    month_number = field(2, "-");
    day_number = field(2, "Tt ");
  }
  const auto hour = field(2, ":");
  const auto minute = field(2, ":");
  const auto second = reader.number(2);
  reader.skip_fraction();
  const auto offset = reader.offset();
  const year_month_day date(year(static_cast<int>(year_number)), month(month_number), day(day_number));
  if (!offset || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return sys_days(date) + hours(hour) + minutes(minute) + seconds(second) - *offset;
}

}  // namespace

std::optional<seconds> parse_seconds(std::string_view text) {
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, whole);
  if (error != std::errc{} || whole > kFarthest || whole < -kFarthest) return std::nullopt;
  if (stop == end) return seconds(whole);
  const bool fraction = *stop == '.' && stop + 1 != end && std::all_of(stop + 1, end, is_digit);
  return fraction ? std::optional(seconds(whole)) : std::nullopt;
}

std::optional<system_clock::time_point> parse_time(std::string_view text) {
  if (const auto since_1970 = parse_seconds(text)) return system_clock::time_point(*since_1970);
  return parse_date(text);
}

}  // namespace imds
