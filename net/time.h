#pragma once

#include <chrono>
#include <functional>

namespace net {

/// For durations and deadlines.
using MonoTime = std::chrono::steady_clock::time_point;

/// Wall-clock time for people (RFC 3339 in JSON); never used to measure a duration.
using WallTime = std::chrono::system_clock::time_point;

/// One moment on both clocks.
struct Now {
  MonoTime mono{};
  WallTime wall{};
};

/// The port to the clocks: a dump of many routes takes long enough for time to matter within one event.
using Clock = std::function<Now()>;

/// The clocks of this machine.
inline Now now() { return {.mono = MonoTime::clock::now(), .wall = WallTime::clock::now()}; }

}  // namespace net
