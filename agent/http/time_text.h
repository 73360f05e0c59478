#pragma once

#include <chrono>
#include <string>

#include "checks/check.h"

namespace agent::http {

/// For people, to the second: "2026-08-01 09:30:00 UTC".
std::string utc_text(net::WallTime time);

/// The Date header's form (RFC 9110, section 5.6.7): "Sat, 01 Aug 2026 09:30:00 GMT".
std::string http_date(net::WallTime time);

/// Seconds since the epoch with milliseconds, as Prometheus wants times: "1785576600.123".
std::string unix_seconds(net::WallTime time);

/// A duration in its one or two largest units: "45 s", "12 min", "3 h 20 min", "2 d 4 h". Negative is "0 s".
/// 0.
std::string duration_text(std::chrono::seconds duration);

}  // namespace agent::http
