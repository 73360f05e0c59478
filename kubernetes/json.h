#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "net/error.h"

namespace kubernetes {

/// EBADMSG with the place for what is not one JSON document of at most 64 levels.
net::Result<nlohmann::json> parse_json(std::string_view text);

/// The member, or null where there is none or `value` is no object.
const nlohmann::json& at(const nlohmann::json& value, const char* key);

/// A string; empty for anything else.
const std::string& text_of(const nlohmann::json& value);

}  // namespace kubernetes
