#pragma once

#include <string>
#include <vector>

#include "agent/core/snapshot.h"
#include "agent/log/log.h"

namespace agent {

/// One line for the journal.
struct Event {
  LogLevel level = LogLevel::info;
  std::string message;
  std::string check;  ///< the check's id, for the journal's field; empty when none
};

/// What changed between two snapshots that a person at night wants to read: each change once, never a repeat.
std::vector<Event> transitions(const Snapshot& before, const Snapshot& after);

}  // namespace agent
