#pragma once

#include <optional>

#include "simulator/cloud/fault.h"
#include "simulator/target.h"
#include "simulator/wire.h"

namespace simulator::cloud {

/// What the fault answers instead of the truth; nullopt for faults that let the truth be answered.
std::optional<Answer> canned_answer(const Fault& fault, const Target& target, const Question& question);

/// How the fault lets the bytes come.
Delivery delivery_of(const Fault& fault);

}  // namespace simulator::cloud
