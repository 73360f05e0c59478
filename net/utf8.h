#pragma once

#include <cstddef>
#include <string_view>

namespace net {

/// What a text begins with: a whole character, or an ill-formed part of one.
struct Utf8Piece {
  /// 0 for an empty text. Of an ill-formed one the maximal subpart, so that one U+FFFD can stand for it (The
  /// Unicode Standard, section 3.9, "U+FFFD Substitution of Maximal Subparts").
  std::size_t length = 0;
  bool well_formed = false;
};

/// Ill-formed are overlong forms, surrogates, what is above U+10FFFF, and truncated sequences (table 3-7).
Utf8Piece utf8_piece(std::string_view text);

/// Bytes before the first that is not UTF-8; the size of `text` when all of it is.
std::size_t utf8_prefix(std::string_view text);

}  // namespace net
