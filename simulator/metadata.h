#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulator/target.h"
#include "simulator/wire.h"

namespace simulator {

/// What IMDS answers to a well-delivered request, identity apart: /metadata/versions and
/// /metadata/instance with its parts, in JSON and text; its refusals otherwise.
Answer answer_metadata(const Question& question, const Target& target,
                       const nlohmann::ordered_json& instance);

/// {"error":"…"} with the status.
Answer refusal(unsigned status, const char* error);

}  // namespace simulator
