#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "checks/check.h"
#include "checks/check_ids.h"
#include "checks/check_row.h"
#include "checks/facts.h"

namespace checks {

/// Every check, in the order in which they are shown.
std::span<const Check> check_table();

/// An empty row where no check has that id.
const Check& check_named(std::string_view id);

/// The check that is about the subject; the first of several.
const Check& check_about(Subject subject);

/// Runs every check. `since` is carried over from `before` where the status is the same, else it is `now`.
std::vector<CheckResult> assess(const Facts& facts, std::span<const CheckResult> before, net::WallTime now);

/// True when no check fails, gate or not.
bool nothing_fails(std::span<const CheckResult> checks);

/// True when no gate fails.
bool is_ready(std::span<const CheckResult> checks);

/// True when no gate fails but those that need the kubelet: what the kubelet may wait for.
bool is_ready_for_kubelet(std::span<const CheckResult> checks);

}  // namespace checks
