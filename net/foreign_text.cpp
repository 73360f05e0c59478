#include "net/foreign_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace net {
namespace {

/// One row of the table of well-formed sequences: the range of the first byte, that of the second, and the
/// length; later bytes are always 80..BF.
struct Row {
  std::uint8_t first_least, first_most, second_least, second_most;
  std::size_t length;
};
constexpr std::array kWellFormed = {
    Row{0x00, 0x7f, 0x00, 0x00, 1}, Row{0xc2, 0xdf, 0x80, 0xbf, 2}, Row{0xe0, 0xe0, 0xa0, 0xbf, 3},
    Row{0xe1, 0xec, 0x80, 0xbf, 3}, Row{0xed, 0xed, 0x80, 0x9f, 3}, Row{0xee, 0xef, 0x80, 0xbf, 3},
    Row{0xf0, 0xf0, 0x90, 0xbf, 4}, Row{0xf1, 0xf3, 0x80, 0xbf, 4}, Row{0xf4, 0xf4, 0x80, 0x8f, 4},
};

bool within(char byte, std::uint8_t least, std::uint8_t most) {
  const auto value = static_cast<std::uint8_t>(byte);
  return least <= value && value <= most;
}

}  // namespace

Utf8Piece utf8_piece(std::string_view text) {
  if (text.empty()) return {0, false};
  for (const Row& row : kWellFormed) {
    if (!within(text[0], row.first_least, row.first_most)) continue;
    for (std::size_t i = 1; i < row.length; ++i) {
      const bool fits = i < text.size() && (i == 1 ? within(text[i], row.second_least, row.second_most)
                                                   : within(text[i], 0x80, 0xbf));
      if (!fits) return {i, false};
    }
    return {row.length, true};
  }
  return {1, false};
}

std::size_t utf8_prefix(std::string_view text) {
  const auto ascii = std::find_if(text.begin(), text.end(), [](char each) { return !within(each, 0, 0x7f); });
  auto good = static_cast<std::size_t>(ascii - text.begin());
  for (auto piece = utf8_piece(text.substr(good)); piece.well_formed; piece = utf8_piece(text.substr(good))) {
    good += piece.length;
  }
  return good;
}

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

}  // namespace net
