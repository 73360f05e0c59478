#pragma once

#include <optional>

#include "routing/desired.h"

namespace routing {

/// Holds back the removals that one reading from outside asks for, however few, until a second one agrees.
/// What the configuration alone asks for is not held back.
class RemovalGuard {
 public:
  /// `agreed`: more than one reading, or the configuration, asks for these routes.
  void want(const Desired& desired, bool agreed) {
    // A link that goes down asks for no removal, nor does a CIDR that is awaited.
    const bool same = wanted_ && wanted_->routes == desired.routes && wanted_->rules == desired.rules;
    if (!same) agreed_ = false;
    wanted_ = desired;
    agreed_ = agreed_ || agreed;
  }
  [[nodiscard]] bool allows_removals() const { return agreed_; }

 private:
  std::optional<Desired> wanted_;
  bool agreed_ = false;
};

}  // namespace routing
