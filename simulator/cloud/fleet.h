#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "net/error.h"

namespace simulator::cloud {

/// A large cluster with user-defined routes, as its Azure and its API server have it.
struct FleetSize {
  unsigned nodes = 5000;  ///< every second a virtual machine, the others in scale sets of a thousand
  unsigned unrouted = 0;  ///< so many, the last ones, have no route
};

/// {"nodes":5000,"unrouted":40}; EINVAL for anything else.
net::Result<FleetSize> parse_fleet_size(std::string_view json);

/// Resource Manager's documents by id: virtual network, route table, NICs. No scale set has a document of its
/// own but what its NICs need.
nlohmann::ordered_json arm_of_fleet(const FleetSize& size);
/// Nodes by name, each with images and conditions as kubelets report them.
nlohmann::ordered_json nodes_of_fleet(const FleetSize& size);

}  // namespace simulator::cloud
