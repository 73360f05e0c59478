#include "routing/removal_guard.h"

namespace routing {

void RemovalGuard::want(const Desired& desired, bool agreed) {
  // A link that goes down asks for no removal, nor does a CIDR that is awaited.
  const bool same = wanted_ && wanted_->routes == desired.routes && wanted_->rules == desired.rules;
  if (!same) agreed_ = false;
  wanted_ = desired;
  agreed_ = agreed_ || agreed;
}

}  // namespace routing
