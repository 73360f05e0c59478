#pragma once

#include <span>
#include <string>

#include "checks/check.h"

namespace agent {

/// What needs a look: failed checks with why and fix, gates first, then unknown ones, a line for each reason.
/// Empty: there is none.
std::string open_checks(std::span<const checks::CheckResult> checks);

/// The rest: how many passed and how many do not apply, by the first part of their ids; with `all`, each in a
/// line of its own.
std::string settled_checks(std::span<const checks::CheckResult> checks, bool all);

}  // namespace agent
