#pragma once

#include <string>

#include "agent/log/event.h"

namespace agent {

/// The members of an event's JSON object that follow its time and level, up to the closing brace:
/// `"message":"…","event":"check_failed","check":"…"}`. Field names in lower case. Valid JSON on one line
/// whatever bytes the message holds: what is not UTF-8 becomes U+FFFD.
std::string json_members(const Event& event);

}  // namespace agent
