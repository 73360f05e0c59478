#pragma once

#include <string>
#include <vector>

#include "simulator/control.h"
#include "simulator/imds.h"
#include "simulator/simulated_service.h"

namespace simulator {

/// Faults and recorded requests of any service, which outlives them: /fault and /requests behind the prefix,
/// "/" or "/cloud-".
std::vector<ControlHandler> service_control_handlers(SimulatedService& service, const std::string& prefix);

/// What the control endpoint takes for IMDS: /state, /document, /rate-limit, /source, and the above.
std::vector<ControlHandler> control_handlers(Imds& imds);

}  // namespace simulator
