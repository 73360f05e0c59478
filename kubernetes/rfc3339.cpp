#include "kubernetes/rfc3339.h"

#include <algorithm>
#include <array>

namespace kubernetes {
namespace {

using namespace std::chrono;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes what `pattern` says off the front, where '0' stands for a digit: the numbers between other
/// characters.
template <std::size_t count>
std::optional<std::array<int, count>> take(std::string_view& text, std::string_view pattern) {
  if (text.size() < pattern.size()) return std::nullopt;
  std::array<int, count> numbers{};
  std::size_t number = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '0') {
      if (text[i] != pattern[i]) return std::nullopt;
      ++number;
    } else {
      if (!is_digit(text[i])) return std::nullopt;
      numbers.at(number) = numbers.at(number) * 10 + (text[i] - '0');
    }
  }
  text.remove_prefix(pattern.size());
  return numbers;
}

std::optional<microseconds> take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return microseconds(0);
  text.remove_prefix(1);
  const auto digits =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  if (digits == 0) return std::nullopt;
  microseconds::rep value = 0;
  for (std::size_t i = 0; i < 6; ++i) value = value * 10 + (i < digits ? text[i] - '0' : 0);
  text.remove_prefix(digits);
  return microseconds(value);
}

std::optional<minutes> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") return minutes(0);
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  const auto parts = take<2>(text, "00:00");
  if (!parts || !text.empty() || (*parts)[0] > 23 || (*parts)[1] > 59) return std::nullopt;
  const minutes offset = hours((*parts)[0]) + minutes((*parts)[1]);
  return west ? -offset : offset;
}

}  // namespace

std::optional<system_clock::time_point> from_rfc3339(std::string_view text) {
  const auto calendar = take<3>(text, "0000-00-00");
  if (!calendar || text.empty() || (text[0] != 'T' && text[0] != 't')) return std::nullopt;
  text.remove_prefix(1);
  const auto clock = take<3>(text, "00:00:00");
  if (!clock) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  const year_month_day date{year((*calendar)[0]), month(static_cast<unsigned>((*calendar)[1])),
                            day(static_cast<unsigned>((*calendar)[2]))};
  // A leap second is :60.
  if (!offset || !date.ok() || (*clock)[0] > 23 || (*clock)[1] > 59 || (*clock)[2] > 60) return std::nullopt;
  // system_clock counts nanoseconds, which end in 2262.
  if ((*calendar)[0] < 1700 || (*calendar)[0] > 2200) return std::nullopt;
  return sys_days(date) + hours((*clock)[0]) + minutes((*clock)[1]) + seconds((*clock)[2]) + *fraction -
         *offset;
}

}  // namespace kubernetes
