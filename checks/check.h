#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/names.h"
#include "net/time.h"

namespace checks {

/// `unknown` is "could not look" and never holds back readiness; `skip` is "does not apply here".
enum class CheckStatus : std::uint8_t { pass, fail, unknown, skip };

inline constexpr auto kStatusNames =
    std::to_array<net::Named<CheckStatus>>({{CheckStatus::pass, "pass"},
                                            {CheckStatus::fail, "fail"},
                                            {CheckStatus::unknown, "unknown"},
                                            {CheckStatus::skip, "skip"}});
constexpr std::string_view status_name(CheckStatus status) { return net::name_of(kStatusNames, status); }

/// What one check found.
struct CheckResult {
  std::string id;  ///< stable, dotted, lower case
  CheckStatus status = CheckStatus::unknown;
  /// Holds back readiness when it fails: one of the mode's gates or required by configuration, and not
  /// ignored.
  bool gate = false;
  /// Passes only once the kubelet runs: READY=1, which the kubelet may wait for, does not wait for it.
  bool needs_kubelet = false;
  std::string message;    ///< one line; names the thing and its value
  std::string why;        ///< why it matters to pods, one line; only when failed
  std::string remedy;     ///< a command, or an edit as a shell's comment; only when failed
  net::WallTime since{};  ///< when the status last changed

  [[nodiscard]] bool holds() const { return gate && status == CheckStatus::fail; }

  bool operator==(const CheckResult&) const = default;
};

}  // namespace checks
