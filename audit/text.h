#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "audit/report.h"

namespace audit {

/// For people: the mode, the verdict, then each cause with some of its objects, the worst first.
std::string report_text(const Report& report, std::string_view cost, bool all);

/// Commands that mend what was found, in the order of the report, each below a comment that gives the reason.
/// Safe to read and to run: nothing deletes, but as a comment; a command that fails ends the script.
std::string repair_script(const Report& report);

}  // namespace audit
