#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

#include "net/time.h"

namespace routing {

/// Bounds what repairing may cost under a storm of notifications, without delaying the first repairs: a
/// bucket of processor time, refilled at a tenth of real time. While it holds something a step is due at
/// once; an empty one delays the next step, but never longer than kLongestWait, so a storm costs about a
/// tenth of a core. The step that confirms a repair waits longer.
class CpuBudget {
 public:
  using Duration = std::chrono::steady_clock::duration;
  static constexpr Duration kCapacity = std::chrono::milliseconds(50);
  static constexpr Duration kLongestWait = std::chrono::milliseconds(250);
  static constexpr int kRefill = 10;  ///< one part in ten
  static constexpr Duration kQuiet = std::chrono::milliseconds(20);
  /// One part in so many of the time may go into confirming: less than the one in a hundred that would show
  /// in a 99th percentile.
  static constexpr int kConfirmationShare = 300;
  static constexpr Duration kLongestRest = std::chrono::seconds(10);

  /// When a step that was first asked for at `asked` may run.
  [[nodiscard]] net::MonoTime due(net::MonoTime asked) const {
    if (credit_ > Duration::zero()) return asked;
    const auto refilled = as_of_ + (-credit_ + Duration(1)) * kRefill;
    return std::clamp(refilled, asked, asked + kLongestWait);
  }

  /// When a step may run that only confirms a repair, first at `first`, last at `last`: once
  /// it is quiet, and so seldom that what it costs stays out of the way of the next repair.
  [[nodiscard]] net::MonoTime due_after_repair(net::MonoTime first, net::MonoTime last) const {
    const auto quiet = std::min(last + kQuiet, first + kLongestWait);
    return std::max({quiet, due(first), as_of_ + std::min(last_cost_ * kConfirmationShare, kLongestRest)});
  }

  /// A step that ended at `now` took `cost`.
  void charge(net::MonoTime now, Duration cost) {
    const auto refill = now > as_of_ ? (now - as_of_) / kRefill : Duration::zero();
    credit_ = std::min(credit_ + refill, kCapacity) - cost;
    // A single slow step must not be paid for longer than the longest wait.
    credit_ = std::max(credit_, -kLongestWait / kRefill);
    as_of_ = now;
    last_cost_ = cost;
  }

 private:
  net::MonoTime as_of_{};
  Duration credit_ = kCapacity;
  Duration last_cost_ = Duration::zero();
};

/// Bounds the cost of repairs against a process that removes routes as fast: a bucket of
/// routes, large enough for all of them at once.
class RepairRateLimiter {
 public:
  /// Each costs about a tenth of a millisecond: a tenth of a core.
  static constexpr int kPerSecond = 1000;

  /// True when `count` routes of `all` may be restored now.
  bool take(std::size_t count, std::size_t all, net::MonoTime now) {
    const auto room = static_cast<double>(kPerSecond + 2 * all);
    const auto passed = std::chrono::duration<double>(now - as_of_).count();
    left_ = as_of_ == net::MonoTime{} ? room : std::min(room, left_ + passed * kPerSecond);
    as_of_ = now;
    if (left_ < static_cast<double>(count)) return false;
    left_ -= static_cast<double>(count);
    return true;
  }

 private:
  net::MonoTime as_of_{};
  double left_ = 0;
};

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
