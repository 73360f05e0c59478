#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kubernetes {

/// A stranger's text made fit for a sentence: printable ASCII, anything else '?', cut at `limit` with "...".
std::string quote(std::string_view text, std::size_t limit);

}  // namespace kubernetes
