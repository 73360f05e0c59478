#include "simulator/token_bucket.h"

#include <algorithm>

namespace simulator {

bool TokenBucket::take(Time now) {
  if (per_second_ <= 0) return true;
  const double since = std::chrono::duration<double>(now - last_).count();
  tokens_ = std::min(per_second_, tokens_ + since * per_second_);
  last_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace simulator
