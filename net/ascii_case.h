#pragma once

#include <string>
#include <string_view>

namespace net {

/// ASCII letters in lower case, whatever the locale; the rest as it is. Names of clouds, ids, keys and header
/// fields come in any case.
std::string lower(std::string_view text);

bool same_ignoring_case(std::string_view one, std::string_view other);

}  // namespace net
