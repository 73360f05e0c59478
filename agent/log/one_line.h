#pragma once

#include <string>
#include <string_view>

namespace agent {

/// The text with everything escaped that could break a line or steer a terminal: control characters (C0, DEL
/// and C1) and bytes that are not UTF-8. `\n`, `\r` and `\t` by name, the others as `\x1b`; all else is kept,
/// backslashes too, so this is for people and cannot be reversed.
std::string one_line(std::string_view text);

}  // namespace agent
