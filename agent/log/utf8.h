#pragma once

#include <cstddef>
#include <string_view>

namespace agent {

/// Bytes (1 to 4) of the well-formed UTF-8 sequence that `text` begins with; 0 when it begins with none:
/// empty text, an overlong form, a surrogate, a truncated sequence (The Unicode Standard, table 3-7).
std::size_t utf8_sequence(std::string_view text);

/// Bytes before the first that is not UTF-8; the size of `text` when all of it is.
std::size_t utf8_prefix(std::string_view text);

}  // namespace agent
