#pragma once

#include <span>
#include <string_view>

namespace checks {

/// Every check id that this version knows, in the order in which they are shown. Used to run the checks, and
/// to refuse a typo in `readiness.require` or `?exclude=`.
std::span<const std::string_view> check_ids();

}  // namespace checks
