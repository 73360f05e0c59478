#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "agent/core/desired_routes.h"

namespace agent {

/// Where a set of wanted routes comes from. `reading` counts the readings of the outside world (IMDS polls):
/// the same number is the same reading, however often it is looked at.
struct Basis {
  bool configuration_changed = false;
  std::uint64_t reading = 0;
};

/// Holds back removals of more than half of more than four routes that one reading from outside asks for,
/// until a second reading agrees. What the configuration asks for is never held back.
class RemovalGuard {
 public:
  static constexpr std::size_t kAlwaysAllowed = 4;

  void want(const Desired& desired, const Basis& basis);
  /// May `removals` of `present` routes of ours go?
  [[nodiscard]] bool allows(std::size_t removals, std::size_t present) const;

 private:
  std::optional<Desired> wanted_;
  std::uint64_t first_reading_ = 0;
  bool agreed_ = false;
};

}  // namespace agent
