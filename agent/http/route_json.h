#pragma once

#include <nlohmann/json_fwd.hpp>

#include "agent/core/snapshot.h"

namespace agent {

/// A route as an entry of /status, and of `plan --json`.
nlohmann::ordered_json route_json(const RouteStatus& status);

}  // namespace agent
