#pragma once

#include <string>

#include "audit/report.h"

namespace agent {

/// calico-azure-agent/audit/v1: within it fields are only added.
std::string audit_json(const audit::Report& report, unsigned requests);

}  // namespace agent
