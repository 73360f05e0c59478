#pragma once

#include <optional>

#include "imds/simulator/target.h"
#include "imds/simulator/wire.h"

namespace imds::simulator::cloud {

/// What clients such as kubectl ask first: /api, /apis, /api/v1 and /version. nullopt for other paths.
std::optional<Answer> discovery(const Question& question, const Target& target);

}  // namespace imds::simulator::cloud
