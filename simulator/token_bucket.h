#pragma once

#include <chrono>

namespace simulator {

/// So many per second, and as many at once after a pause; the caller brings the time. 0 = no limit.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit TokenBucket(double per_second) : per_second_(per_second), tokens_(per_second) {}

  /// False when the limit is reached.
  bool take(Time now);

 private:
  double per_second_;
  double tokens_;
  Time last_{};
};

}  // namespace simulator
