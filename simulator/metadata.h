#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulator/message.h"
#include "simulator/target.h"

namespace simulator {

/// What IMDS answers to a well-delivered request, identity apart: /metadata/versions and
/// /metadata/instance with its parts, in JSON and text; its refusals otherwise.
Response answer_metadata(const Request& request, const Target& target,
                         const nlohmann::ordered_json& instance);

/// {"error":"…"} with the status.
Response refusal(unsigned status, const char* error);

}  // namespace simulator
