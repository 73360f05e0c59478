#include "imds/schedule.h"

#include <algorithm>

namespace imds {
namespace {

using std::chrono::milliseconds;

constexpr double kPollJitter = 0.2;     // of the interval, in both directions
constexpr double kBackOffJitter = 0.2;  // upwards only: never sooner than the back-off
constexpr milliseconds kFirstBackOff{
    1000};  // "retry after at least 1 s" for 5xx (managed identity documentation)
constexpr milliseconds kLastBackOff{12500};  // with its jitter 15 s
constexpr milliseconds kBreath{1000};
constexpr milliseconds kAskedSpacing{5000};  // start to start

milliseconds scaled(milliseconds duration, double factor) {
  return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(duration.count()) * factor));
}

milliseconds back_off(int failures, double random) {
  auto pause = kFirstBackOff;
  for (int i = 1; i < failures && pause < kLastBackOff; ++i) pause *= 2;
  return scaled(std::min(pause, kLastBackOff), 1 + kBackOffJitter * random);
}

milliseconds poll(milliseconds interval, double random) {
  return scaled(interval, 1 - kPollJitter + 2 * kPollJitter * random);
}

}  // namespace

Pause Schedule::after(Outcome outcome, milliseconds took, double random) {
  milliseconds spacing{};
  milliseconds least = kBreath;
  milliseconds least_asked = kBreath;
  switch (outcome) {
    case Outcome::success:
      succeeded_ = true;
      failures_ = 0;
      spacing = poll(poll_interval_, random);
      least = poll_interval_ / 2;
      least_asked = milliseconds(0);
      break;
    case Outcome::failed:
    case Outcome::throttled:
      failures_ = std::min(failures_ + 1, 30);
      spacing = back_off(failures_, random);
      break;
    case Outcome::refused:
      failures_ = 0;
      spacing = succeeded_ ? poll(poll_interval_, random) : scaled(kLastBackOff, 1 + kBackOffJitter * random);
      break;
  }
  const auto planned = std::max(spacing - took, least);
  if (outcome == Outcome::throttled) return {planned, planned};
  return {planned, std::min(planned, std::max(kAskedSpacing - took, least_asked))};
}

}  // namespace imds
