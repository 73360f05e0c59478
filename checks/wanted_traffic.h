#pragma once

#include <vector>

#include "checks/pod_network.h"
#include "node/security_judgement.h"

namespace checks {

using node::Wanted;

/// One for each link of an overlay; or why it is not known. `azure` has its subnet and its security groups.
Seen<std::vector<Wanted>> wanted_of_network(const Facts& facts, const observed::AzureNetwork& azure);

using node::of_family;

}  // namespace checks
