#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kubernetes {

/// Base64 (RFC 4648, padded) that may be broken into lines; nullopt for anything else.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace kubernetes
