#pragma once

#include <string>

#include "observed/node_network.h"

namespace imds {

/// A usable answer of IMDS.
struct Reading {
  observed::NodeNetwork network;
  std::string document;     ///< the answer as it came, byte for byte
  std::string api_version;  ///< the one that IMDS accepted

  bool operator==(const Reading&) const = default;
};

}  // namespace imds
