#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/log/log.h"

namespace agent {

/// The members of an event's JSON object that follow its time and level, up to the closing brace:
/// `"message":"…","check":"…"}`. Field names in lower case. Valid JSON on one line whatever bytes the message
/// holds: what is not UTF-8 becomes U+FFFD.
std::string json_members(std::string_view message, std::span<const LogField> fields);

}  // namespace agent
