#pragma once

#include <chrono>

namespace net {

/// For durations and deadlines.
using MonoTime = std::chrono::steady_clock::time_point;

/// Wall-clock time for people (RFC 3339 in JSON); never used to measure a duration.
using WallTime = std::chrono::system_clock::time_point;

}  // namespace net
