#pragma once

#include "agent/cloud/audit_request.h"

namespace agent {

/// Reads the cluster, judges it and prints the report; the number is the exit code, as `doctor` has them.
/// Only GETs are sent, but for the POST by which a workload identity gets its token.
int run_audit(const AuditRequest& request);

}  // namespace agent
