#pragma once

#include <string>
#include <string_view>

#include "agent/core/evidence.h"
#include "net/error.h"

namespace agent {

/// What was learnt, as one line of JSON without the newline: how it comes from the program that asks, and how
/// a support bundle keeps it. There is no secret in it.
std::string evidence_line(const Evidence& evidence);

/// Every text in it as net::foreign_text() has it. EBADMSG for what is no such line.
net::Result<Evidence> parse_evidence(std::string_view line);

}  // namespace agent
