#include "host/text.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "net/foreign_text.h"

namespace host {

std::string_view trimmed(std::string_view text) {
  constexpr auto kBlank = " \t\r";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::vector<std::string> parts(std::string_view text, std::string_view separators) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const auto end = text.find_first_of(separators);
    if (const auto part = trimmed(text.substr(0, end)); !part.empty()) found.emplace_back(part);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return found;
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const auto end = text.find('\n');
    found.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return found;
}

bool matches(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

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
