#pragma once

#include <string>
#include <string_view>

#include "core/log_event.h"

namespace agent {

/// The text with everything escaped that could break a line or steer a terminal: control characters (C0, DEL
/// and C1) and bytes that are not UTF-8. `\n`, `\r` and `\t` by name, the others as `\x1b`; all else is kept,
/// backslashes too, so this is for people and cannot be reversed.
std::string one_line(std::string_view text);

/// The members of an event's JSON object that follow its time and level, up to the closing brace:
/// `"message":"…","event":"check_failed","check":"…"}`. Field names in lower case. Valid JSON on one line
/// whatever bytes the message holds: what is not UTF-8 becomes U+FFFD.
std::string json_members(const core::LogEvent& event);

}  // namespace agent
