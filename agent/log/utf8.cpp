#include "agent/log/utf8.h"

#include <array>
#include <cstdint>

namespace agent {
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

std::size_t utf8_sequence(std::string_view text) {
  if (text.empty()) return 0;
  for (const Row& row : kWellFormed) {
    if (!within(text[0], row.first_least, row.first_most)) continue;
    if (text.size() < row.length) return 0;
    if (row.length > 1 && !within(text[1], row.second_least, row.second_most)) return 0;
    for (std::size_t i = 2; i < row.length; ++i) {
      if (!within(text[i], 0x80, 0xbf)) return 0;
    }
    return row.length;
  }
  return 0;
}

std::size_t utf8_prefix(std::string_view text) {
  std::size_t good = 0;
  while (const auto length = utf8_sequence(text.substr(good))) good += length;
  return good;
}

}  // namespace agent
