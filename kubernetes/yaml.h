#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>
#include <string_view>

#include "net/error.h"

namespace kubernetes {

/// The first YAML document in a text of at most 1 MiB. EBADMSG with line and column, without quoting it.
/// Aliases are shared, never expanded: look members up, do not walk the tree.
net::Result<YAML::Node> parse_yaml(std::string_view text);

/// The member of a map; a null node for any other value.
YAML::Node member(const YAML::Node& value, std::string_view name);

/// A string: quoted, or plain and not what YAML takes for null, a boolean or a number.
std::optional<std::string> string_of(const YAML::Node& value);

}  // namespace kubernetes
