#pragma once

#include <vector>

#include "imds/simulator/cloud/cloud.h"
#include "imds/simulator/control.h"

namespace imds::simulator::cloud {

/// What the control endpoint takes for the cloud, which outlives it: /arm, /nodes, /compaction, /watches,
/// /cloud-fault, /cloud-requests.
std::vector<Order> orders(Cloud& cloud);

}  // namespace imds::simulator::cloud
