#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace agent {

/// Numbers of the kernel's routing that are somebody else's. Sentences for the end of "routes.table: ".

/// Who owns the route protocol number; absent for one that nobody uses.
std::optional<std::string> protocol_refusal(std::int64_t protocol);

/// Why routes are not to be kept in the table; absent for a good one.
std::optional<std::string> table_refusal(std::int64_t table);

}  // namespace agent
