#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace routing {

/// Waiting times after failures: 250 ms doubling to 30 s, each between half and the whole (so that a thousand
/// nodes do not try in step).
class Backoff {
 public:
  using Duration = std::chrono::milliseconds;
  static constexpr Duration kFirst{250};
  static constexpr Duration kLast{30000};

  explicit Backoff(std::uint32_t seed) : random_(seed) {}

  Duration next() {
    const auto whole = current_;
    current_ = std::min(current_ * 2, kLast);
    return Duration(std::uniform_int_distribution<Duration::rep>(whole.count() / 2, whole.count())(random_));
  }
  void reset() { current_ = kFirst; }

 private:
  Duration current_ = kFirst;
  std::minstd_rand random_;
};

}  // namespace routing
