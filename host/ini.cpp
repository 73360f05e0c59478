#include "host/ini.h"

#include <algorithm>
#include <array>

#include "host/text.h"
#include "net/ascii_case.h"

namespace host {

std::vector<IniEntry> parse_ini(std::string_view text) {
  std::vector<IniEntry> entries;
  std::string section;
  for (const auto each : lines(text)) {
    const auto line = trimmed(each);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      section = line.substr(1, line.find(']') - 1);
      continue;
    }
    const auto sign = line.find('=');
    if (sign == std::string_view::npos) continue;
    entries.push_back({.section = section,
                       .key = std::string(trimmed(line.substr(0, sign))),
                       .value = std::string(trimmed(line.substr(sign + 1)))});
  }
  return entries;
}

std::optional<bool> boolean(std::string_view value) {
  constexpr std::array<std::string_view, 6> kYes = {"1", "yes", "y", "true", "t", "on"};
  constexpr std::array<std::string_view, 6> kNo = {"0", "no", "n", "false", "f", "off"};
  const auto is_in = [value](const auto& words) {
    return std::any_of(words.begin(), words.end(),
                       [value](std::string_view word) { return net::same_ignoring_case(value, word); });
  };
  if (is_in(kYes)) return true;
  return is_in(kNo) ? std::optional(false) : std::nullopt;
}

}  // namespace host
