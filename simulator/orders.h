#pragma once

#include <string>
#include <vector>

#include "simulator/control.h"
#include "simulator/imds.h"
#include "simulator/simulated_service.h"

namespace simulator {

/// Faults and requests of any service, which outlives the orders: /fault, /requests; `prefix` "/cloud-":
/// /cloud-fault, /cloud-requests.
std::vector<Order> service_orders(SimulatedService& service, const std::string& prefix);

/// What the control endpoint takes for IMDS: /state, /document, /rate-limit, /source, and the above.
std::vector<Order> orders(Imds& imds);

}  // namespace simulator
