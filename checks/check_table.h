#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/check.h"
#include "checks/facts.h"
#include "remedy/remedy.h"

namespace checks {

/// What a check says, before it is known whether it gates and since when.
struct Finding {
  CheckStatus status = CheckStatus::unknown;
  std::string message;
  std::string why;
  remedy::Remedy remedy;
  /// This failure only warns, even where the check is a gate.
  bool warns_only = false;
  /// `unknown`, but `fail` where readiness.require names the check: whoever waits for it is not let through.
  bool fails_where_required = false;

  static Finding pass(std::string message) { return {CheckStatus::pass, std::move(message), "", {}, false}; }
  static Finding skip(std::string message) { return {CheckStatus::skip, std::move(message), "", {}, false}; }
  static Finding unknown(std::string message) {
    return {CheckStatus::unknown, std::move(message), "", {}, false};
  }
  static Finding fail(std::string message, std::string why, remedy::Remedy remedy) {
    return {CheckStatus::fail, std::move(message), std::move(why), std::move(remedy), false};
  }
  static Finding warn(std::string message, std::string why, remedy::Remedy remedy) {
    return {CheckStatus::fail, std::move(message), std::move(why), std::move(remedy), true};
  }
  /// Not as it has to be, and yet no alarm: another check names the fault, or it is normal for some minutes.
  static Finding unless_required(std::string message, std::string why, remedy::Remedy remedy) {
    auto finding = fail(std::move(message), std::move(why), std::move(remedy));
    finding.status = CheckStatus::unknown;
    finding.fails_where_required = true;
    return finding;
  }
};

/// One line per check: its id, the function, in which configurations it gates readiness, and in which it
/// passes only once the kubelet runs.
struct CheckEntry {
  std::string_view id;
  Finding (*look)(const Facts&);
  bool (*gates)(const node::Policy&);
  bool (*needs_kubelet)(const node::Policy&) = +[](const node::Policy&) { return false; };
};

/// Every check, in the order in which they are shown.
std::span<const CheckEntry> check_table();

/// False where the configuration lets the gate only warn: what another check leaves it to tell holds nothing
/// back then.
bool may_hold(const node::Policy& policy, std::string_view gate);

/// Runs every check. `since` is carried over from `before` where the status is the same, else it is `now`.
std::vector<CheckResult> assess(const Facts& facts, std::span<const CheckResult> before, net::WallTime now);

/// True when no gate fails.
bool is_ready(std::span<const CheckResult> checks);

/// True when no gate fails but those that need the kubelet: what the kubelet may wait for.
bool is_ready_for_kubelet(std::span<const CheckResult> checks);

}  // namespace checks
