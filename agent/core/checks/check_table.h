#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/check.h"
#include "agent/core/facts.h"

namespace agent {

/// What a check says, before it is known whether it gates and since when.
struct Finding {
  CheckStatus status = CheckStatus::unknown;
  std::string message;
  std::string why;
  /// A command, or an edit written as a shell's comment: it can be pasted as it stands.
  std::string remedy;
  /// This failure only warns, even where the check is a gate.
  bool warns_only = false;

  static Finding pass(std::string message) { return {CheckStatus::pass, std::move(message), "", "", false}; }
  static Finding skip(std::string message) { return {CheckStatus::skip, std::move(message), "", "", false}; }
  static Finding unknown(std::string message) {
    return {CheckStatus::unknown, std::move(message), "", "", false};
  }
  static Finding fail(std::string message, std::string why, std::string remedy) {
    return {CheckStatus::fail, std::move(message), std::move(why), std::move(remedy), false};
  }
  static Finding warn(std::string message, std::string why, std::string remedy) {
    return {CheckStatus::fail, std::move(message), std::move(why), std::move(remedy), true};
  }
};

/// One line per check: its id, the function, and in which configurations it gates readiness.
struct CheckEntry {
  std::string_view id;
  Finding (*look)(const Facts&);
  bool (*gates)(const Policy&);
};

/// Every check, in the order in which they are shown.
std::span<const CheckEntry> check_table();

/// Runs every check. `since` is carried over from `before` where the status is the same, else it is `now`.
std::vector<CheckResult> assess(const Facts& facts, std::span<const CheckResult> before, WallTime now);

/// True when no gate fails.
bool is_ready(std::span<const CheckResult> checks);

}  // namespace agent
