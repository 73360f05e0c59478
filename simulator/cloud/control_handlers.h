#pragma once

#include <vector>

#include "simulator/cloud/cloud.h"
#include "simulator/control.h"

namespace simulator::cloud {

/// What the control endpoint takes for the cloud, which outlives it: /arm, /nodes, /compaction, /watches,
/// /cloud-fault, /cloud-requests.
std::vector<ControlHandler> control_handlers(Cloud& cloud);

}  // namespace simulator::cloud
