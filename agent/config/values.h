#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "node/policy.h"

namespace agent {

/// What single values mean. Errors are sentences for the end of "nic.select: ".

/// "primary", "mac:00:0d:3a:f8:06:ec", "name:eth1", "subnet:10.1.0.0/24".
tl::expected<node::NicSelector, std::string> parse_nic_selector(std::string_view text);

/// "http://HOST[:PORT]" without the slash that may end it; the host is an IPv4 address, an IPv6 address in
/// brackets or a name.
tl::expected<std::string, std::string> parse_endpoint(std::string_view text);

/// Anything without control characters.
tl::expected<std::string, std::string> parse_plain(std::string_view text);

}  // namespace agent
