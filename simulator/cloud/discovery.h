#pragma once

#include <optional>

#include "simulator/target.h"
#include "simulator/wire.h"

namespace simulator::cloud {

/// What clients such as kubectl ask first: /api, /apis, /api/v1 and /version. nullopt for other paths.
std::optional<Answer> discovery(const Question& question, const Target& target);

}  // namespace simulator::cloud
