#include "net/foreign_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "net/utf8.h"

namespace net {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// General_Category Zs, Zl and Zp, and the controls that Unicode counts as White_Space
/// (https://www.unicode.org/Public/15.0.0/ucd/PropList.txt).
constexpr std::array kWhiteSpace = {
    Range{0x0009, 0x000d}, Range{0x0020, 0x0020}, Range{0x0085, 0x0085}, Range{0x00a0, 0x00a0},
    Range{0x1680, 0x1680}, Range{0x2000, 0x200a}, Range{0x2028, 0x2029}, Range{0x202f, 0x202f},
    Range{0x205f, 0x205f}, Range{0x3000, 0x3000},
};

/// General_Category Cc without white space, and Cf
/// (https://www.unicode.org/Public/15.0.0/ucd/extracted/DerivedGeneralCategory.txt).
constexpr std::array kInvisible = {
    Range{0x0000, 0x0008},   Range{0x000e, 0x001f},   Range{0x007f, 0x0084},   Range{0x0086, 0x009f},
    Range{0x00ad, 0x00ad},   Range{0x0600, 0x0605},   Range{0x061c, 0x061c},   Range{0x06dd, 0x06dd},
    Range{0x070f, 0x070f},   Range{0x0890, 0x0891},   Range{0x08e2, 0x08e2},   Range{0x180e, 0x180e},
    Range{0x200b, 0x200f},   Range{0x202a, 0x202e},   Range{0x2060, 0x206f},   Range{0xfeff, 0xfeff},
    Range{0xfff9, 0xfffb},   Range{0x110bd, 0x110bd}, Range{0x110cd, 0x110cd}, Range{0x13430, 0x1343f},
    Range{0x1bca0, 0x1bca3}, Range{0x1d173, 0x1d17a}, Range{0xe0000, 0xe007f},
};

template <std::size_t Count>
bool is_in(const std::array<Range, Count>& ranges, char32_t point) {
  const auto range = std::lower_bound(ranges.begin(), ranges.end(), point,
                                      [](const Range& each, char32_t value) { return each.last < value; });
  return range != ranges.end() && range->first <= point;
}

/// Of a well-formed sequence.
char32_t code_point(std::string_view sequence) {
  const auto first = static_cast<std::uint8_t>(sequence.front());
  if (sequence.size() == 1) return first;
  char32_t point = first & (0x7fU >> sequence.size());
  for (const char byte : sequence.substr(1))
    point = (point << 6U) | (static_cast<std::uint8_t>(byte) & 0x3fU);
  return point;
}

/// What nearly every name and sentence is.
bool is_plain(std::string_view text) {
  char last = ' ';
  for (const char c : text) {
    if (c < ' ' || c > '~' || (c == ' ' && last == ' ')) return false;
    last = c;
  }
  return text.empty() || last != ' ';
}

}  // namespace

std::string foreign_text(std::string_view text, std::size_t limit) {
  if (text.size() <= limit && is_plain(text)) return std::string(text);
  std::string line;
  bool gap = false;
  while (!text.empty()) {
    const auto piece = utf8_piece(text);
    auto shown = text.substr(0, piece.length);
    text.remove_prefix(piece.length);
    const auto point = piece.well_formed ? code_point(shown) : U'\0';
    if (is_in(kWhiteSpace, point)) {
      gap = !line.empty();
      continue;
    }
    if (is_in(kInvisible, point)) shown = "?";
    if (line.size() + (gap ? 1 : 0) + shown.size() > limit) return line + "...";
    if (gap) line += ' ';
    gap = false;
    line += shown;
  }
  return line;
}

}  // namespace net
