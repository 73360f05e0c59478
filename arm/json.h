#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace arm {

/// The document, or a discarded value where the text is no JSON; never throws.
nlohmann::json read_json(std::string_view text);

/// The member, or null where there is none or `value` is no object.
const nlohmann::json& member(const nlohmann::json& value, const char* key);

/// The first of two spellings that is there: ARM writes privateIPAddress, its neighbours privateIpAddress.
const nlohmann::json& member(const nlohmann::json& value, const char* key, const char* other);

/// The string as net::foreign_text() has it: what is a name or an address stays as it is, and what is not is
/// no danger to whoever reads it. Empty for any other type.
std::string text_of(const nlohmann::json& value);

/// The string as it is, to be judged by whoever uses it; empty for any other type.
std::string exact_text_of(const nlohmann::json& value);

/// The entries of an array; none for any other type.
const nlohmann::json::array_t& entries(const nlohmann::json& value);

}  // namespace arm
