#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace arm {

/// ASCII letters in lower case: names of clouds, ids and MACs come in any case.
std::string lower(std::string_view text);

bool same_ignoring_case(std::string_view one, std::string_view other);

/// A stranger's text made fit for a sentence in a journal: one line of printable ASCII, at most `limit`
/// characters and then "...". White space is folded, anything else becomes '?'.
std::string quote(std::string_view text, std::size_t limit);

}  // namespace arm
