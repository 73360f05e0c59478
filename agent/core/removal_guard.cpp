#include "agent/core/removal_guard.h"

namespace agent {

void RemovalGuard::want(const Desired& desired, const Basis& basis) {
  if (!wanted_ || *wanted_ != desired) {
    wanted_ = desired;
    first_reading_ = basis.reading;
    agreed_ = false;
  }
  agreed_ = agreed_ || basis.configuration_changed || basis.reading != first_reading_;
}

bool RemovalGuard::allows(std::size_t removals, std::size_t present) const {
  return agreed_ || present <= kAlwaysAllowed || 2 * removals <= present;
}

}  // namespace agent
