#pragma once

#include <vector>

#include "agent/core/snapshot.h"
#include "agent/log/event.h"

namespace agent {

/// What changed between two snapshots that a person at night wants to read: each change once, never a repeat.
std::vector<Event> transitions(const Snapshot& before, const Snapshot& after);

}  // namespace agent
