#include "arm/text.h"

#include <algorithm>

namespace arm {
namespace {

char lower_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string lower(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), lower_letter);
  return small;
}

bool same_ignoring_case(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower_letter(a) == lower_letter(b); });
}

std::string quote(std::string_view text, std::size_t limit) {
  std::string line;
  bool gap = false;
  for (const char c : text) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      gap = !line.empty();
      continue;
    }
    if (line.size() + (gap ? 1 : 0) >= limit) return line + "...";
    if (gap) line += ' ';
    gap = false;
    line += c > ' ' && c <= '~' ? c : '?';
  }
  return line;
}

}  // namespace arm
