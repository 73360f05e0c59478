#pragma once

#include <nlohmann/json_fwd.hpp>

#include "agent/http/json_text.h"
#include "core/snapshot.h"

namespace agent {

/// A route as /status and `plan --json` show it: the fields in the contract's order, empty strings for a
/// gateway, device or source that the route does not have.
void write_route(http::JsonText& json, const routing::RouteStatus& status);

/// The same as a value, for `plan`, which adds its own fields.
nlohmann::ordered_json route_json(const routing::RouteStatus& status);

}  // namespace agent
