#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "simulator/cloud/fault.h"

namespace simulator::cloud {

/// {"kind":"status","code":429,"headers":{"retry-after-ms":"1500"},"path":"/subscriptions","count":2}, or an
/// array of such. Members: kind, code, text, headers, delay_ms, path, count, seconds. EINVAL, naming the
/// culprit, for anything else.
net::Result<std::vector<Fault>> parse_faults(std::string_view json);

/// The same way back; what has its default value is left out.
nlohmann::ordered_json to_json(const Fault& fault);

}  // namespace simulator::cloud
