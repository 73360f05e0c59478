#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "net/error.h"

namespace imds {

/// JSON from a stranger. EBADMSG with the place for anything that is not one well-formed UTF-8 document, is
/// nested deeper than 32 levels, or names a key twice (parsers differ on which one counts).
net::Result<nlohmann::json> parse_strictly(std::string_view text);

}  // namespace imds
