#pragma once

#include <span>
#include <string>
#include <vector>

#include "checks/check.h"

namespace agent {

/// What the check is about, as doctor groups it: "kernel", "Azure", "Kubernetes", "CNI".
std::string_view group_of(std::string_view check_id);

/// The remedies of what failed, each once, in the order to carry them out: Azure and Kubernetes before the
/// kernel, whose routes follow from them; what holds the node back before what warns.
std::vector<std::string> repairs(std::span<const checks::CheckResult> checks);

}  // namespace agent
