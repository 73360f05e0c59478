#pragma once

#include <optional>

#include "simulator/fault.h"
#include "simulator/wire.h"

namespace simulator {

/// What the fault answers instead of the truth; nullopt for faults that let the truth be answered.
std::optional<Answer> canned_answer(const Fault& fault, bool identity);

}  // namespace simulator
