#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace simulator {

/// RFC 4648, section 5, without padding: as in JSON Web Tokens and Kubernetes' continue tokens.
std::string to_base64url(std::string_view bytes);

/// nullopt for what to_base64url() does not write.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace simulator
