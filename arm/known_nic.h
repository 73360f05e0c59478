#pragma once

#include <string>
#include <vector>

namespace arm {

/// What a search for a NIC leaves to the next one.
struct KnownNic {
  std::string id;                    ///< the one that bore the MAC address; empty: not found yet
  std::vector<std::string> untried;  ///< the VM's NICs that the requests of one verification did not reach
};

}  // namespace arm
