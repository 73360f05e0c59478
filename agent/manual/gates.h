#pragma once

#include <string>

#include "checks/check_table.h"

namespace agent::manual {

/// In which configurations a check is a gate, in words: "always", "with IPv6 pods"; "" for one
/// that never is. Found by asking the check's own rule about every kind of configuration; throws
/// std::logic_error when the answer has no such words, so that a page never says less than is true.
std::string gate_condition(const checks::CheckEntry& check);

}  // namespace agent::manual
