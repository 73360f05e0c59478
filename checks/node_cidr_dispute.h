#pragma once

#include <string>

#include "checks/check_row.h"

namespace checks {

/// What contradicts this node's pod CIDRs, in a sentence that names both; empty: nothing. Either two sources
/// of them do (NodeCidrs::disagreement), or the pods that are here together with Azure's route table: a Node
/// object may have been given another node's range.
std::string dispute_over_node_cidrs(const Facts& facts);

}  // namespace checks
