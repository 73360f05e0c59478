#pragma once

#include <optional>

#include "imds/simulator/fault.h"
#include "imds/simulator/wire.h"

namespace imds::simulator {

/// What the fault answers instead of the truth; nullopt for faults that let the truth be answered.
std::optional<Answer> canned_answer(const Fault& fault, bool identity);

}  // namespace imds::simulator
