#include "net/utf8.h"

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

}  // namespace net
