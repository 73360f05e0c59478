#pragma once

#include <string>

#include "checks/check.h"

namespace core {

/// RFC 3339 in UTC with milliseconds: "2026-03-01T12:00:00.000Z".
std::string wall_time_text(net::WallTime time);

}  // namespace core
