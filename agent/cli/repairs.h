#pragma once

#include <span>
#include <string>
#include <vector>

#include "checks/check.h"

namespace agent {

/// The remedies of what failed, each once, in the order to carry them out: Azure and Kubernetes before the
/// kernel, whose routes follow from them; gates before the rest.
std::vector<std::string> repairs(std::span<const checks::CheckResult> checks);

}  // namespace agent
