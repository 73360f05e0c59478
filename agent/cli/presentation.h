#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/check.h"

namespace agent {

/// Text for people: coloured only where standard output is a terminal, not a dumb one, and NO_COLOR is not
/// set (https://no-color.org).
std::string coloured(std::string_view text, checks::CheckStatus status);
std::string bold(std::string_view text);

/// The remedies of what failed, each once, in the order to carry them out: Azure and Kubernetes before the
/// kernel, whose routes follow from them; gates before the rest.
std::vector<std::string> repairs(std::span<const checks::CheckResult> checks);

}  // namespace agent
