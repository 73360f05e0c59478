#pragma once

#include <string>
#include <string_view>

#include "checks/check.h"

namespace agent {

/// Text for people: coloured only where standard output is a terminal and NO_COLOR is not set
/// (https://no-color.org).
std::string coloured(std::string_view text, checks::CheckStatus status);
std::string bold(std::string_view text);

}  // namespace agent
