#pragma once

#include <chrono>
#include <cstdint>

namespace imds {

/// How an attempt ended, as far as the time of the next one is concerned.
enum class Outcome : std::uint8_t {
  success,
  failed,     ///< may heal by itself: no answer, 404, 410, 5xx, a document without addresses
  throttled,  ///< 429: the VM's budget is spent
  refused,    ///< asking again soon is pointless: 400, 403, a redirect, a bad endpoint
};

/// Both from the end of an attempt to the start of the next one.
struct Pause {
  std::chrono::milliseconds planned;
  /// When a poll was requested soon; never longer than `planned`.
  std::chrono::milliseconds asked;

  bool operator==(const Pause&) const = default;
};

/// When to ask again: reads no clock, so that its tests need none.
///
/// Success: the poll interval, ±20 %. Failure: 1, 2, 4, 8 and then always 12.5 s, each with up to a fifth
/// more by chance, so 15 s at most and for ever: a 410, which lasts up to 70 s, is outlasted, and an IMDS
/// that recovers is followed within 20 s. Refused: the poll interval, but before the first success the
/// longest back-off. All are measured from start to start, so a slow failure does not delay the next attempt;
/// still at least 1 s lies between a failure's end and the next start, since IMDS counts requests that were
/// given up as open (https://github.com/canonical/cloud-init/commit/d113ed6ef).
class Schedule {
 public:
  explicit Schedule(std::chrono::milliseconds poll_interval) : poll_interval_(poll_interval) {}

  /// `took` is the time from the attempt's start to its end, `random` is in [0, 1).
  Pause after(Outcome outcome, std::chrono::milliseconds took, double random);

  void set_poll_interval(std::chrono::milliseconds interval) { poll_interval_ = interval; }

 private:
  std::chrono::milliseconds poll_interval_;
  int failures_ = 0;  ///< in a row
  bool succeeded_ = false;
};

}  // namespace imds
