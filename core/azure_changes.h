#pragma once

#include <vector>

#include "core/log_event.h"
#include "observed/azure_network.h"

namespace core {

/// What somebody has changed in Azure between two verifications that could both read it: IP forwarding of
/// the NIC, the subnet's route table, its routes.
std::vector<LogEvent> azure_changes(const observed::AzureNetwork& before,
                                    const observed::AzureNetwork& after);

/// `seen` with the parts of `before` that could not be read again.
observed::AzureNetwork last_known(const observed::AzureNetwork& before, observed::AzureNetwork seen);

}  // namespace core
