#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "simulator/fault.h"

namespace simulator {

/// {"kind":"status","code":410,"seconds":70}, or an array of such. Members: kind, code, text, delay_ms,
/// amount, path, count, seconds. EINVAL, naming the culprit, for anything else.
net::Result<std::vector<Fault>> parse_faults(std::string_view json);

/// The same way back; what has its default value is left out.
nlohmann::ordered_json to_json(const Fault& fault);

}  // namespace simulator
