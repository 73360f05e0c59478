#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace net {

/// A stranger's text made fit for a sentence in a journal: one line of printable ASCII, at most `limit`
/// characters and then "...". White space is folded, anything else becomes '?'.
std::string quote(std::string_view text, std::size_t limit);

}  // namespace net
