#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
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

/// Foreign text (a name of Azure's, Kubernetes' or a file's, a server's words) made fit for a message, a
/// terminal, JSON and a command alike: one line of UTF-8, at most `limit` bytes and then "...".
///
/// - White space, line and paragraph separators included, is folded into one space and cut off at both ends.
/// - '?' stands for each control character (C0, DEL, C1: a terminal takes U+009B for ESC [), each invisible
///   format character (General_Category Cf: the bidirectional overrides U+202A to U+202E and U+2066 to
///   U+2069, zero-width characters, tags) and each ill-formed byte sequence.
/// - Everything else stays, whatever its script.
///
/// Idempotent. Where a name must be used exactly, compare it with its foreign_text() and refuse it when they
/// differ.
std::string foreign_text(std::string_view text, std::size_t limit = 200);

/// ASCII letters in lower case, whatever the locale; the rest as it is. Names of clouds, ids, keys and header
/// fields come in any case.
std::string lower(std::string_view text);

bool same_ignoring_case(std::string_view one, std::string_view other);

/// The number that the whole text spells, as std::from_chars reads it: no blank, no plus, no overflow.
template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number{};
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace net
