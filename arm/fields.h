#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "net/prefix.h"

namespace arm {

/// Fields that several kinds of documents have; EBADMSG, naming the field, where they cannot be used.

net::Result<nlohmann::json> document_of(std::string_view text);

/// The first of two spellings that is there: ARM writes privateIPAddress, its neighbours privateIpAddress.
const nlohmann::json& either(const nlohmann::json& value, const char* key, const char* other);

/// `id`, of a resource that `is_of` one of the types (as ResourceId::type()).
net::Result<std::string> id_field(const nlohmann::json& resource, std::vector<std::string_view> types);

/// `properties`, an object.
net::Result<const nlohmann::json*> properties_field(const nlohmann::json& resource);

/// A network, host bits cleared; nullopt for anything else, such as the name of a service tag.
std::optional<net::Prefix> prefix_of(const std::string& text);

/// The networks among a string and the entries of an array, each once, in their order.
std::vector<net::Prefix> prefixes_of(const nlohmann::json& one, const nlohmann::json& several);

}  // namespace arm
