#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/snapshot.h"

namespace agent {

/// The /status document (schema calico-azure-agent/v1), compact, with a final newline. Every field is always
/// there: one that does not apply is an empty string, or null for numbers and times. Times are RFC 3339 UTC
/// with milliseconds; `age_seconds` is measured on the monotonic clock, in whole seconds. Always valid UTF-8.
std::string status_json(const core::Snapshot& snapshot, net::MonoTime now);

/// A route as /status shows it, with empty strings for a gateway, device or source that it does not have; for
/// `plan --json`, which adds fields of its own.
nlohmann::ordered_json route_json(const routing::RouteStatus& status);

}  // namespace agent
