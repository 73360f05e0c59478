#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "net/error.h"

namespace cni {

/// The one JSON document of a file. EBADMSG says what is wrong and at which line and column, as a predicate
/// of the file ("is not valid JSON at line 3, column 7") and without a word of the text, which may hold a
/// token.
net::Result<nlohmann::json> parse_json(std::string_view text);

/// The member, or null where there is none or `value` is no object.
const nlohmann::json& at(const nlohmann::json& value, const char* key);

/// The first element, or null where there is none or `value` is no list.
const nlohmann::json& first_of(const nlohmann::json& value);

/// A string; empty for anything else.
const std::string& text_of(const nlohmann::json& value);

}  // namespace cni
