#pragma once

#include <string>

#include "agent/config/config.h"

namespace agent {

/// kubernetes.node_name, then NODE_NAME, then the host name.
std::string node_name(const Config& config);

/// The mode in force and the sentence that says why.
struct ModeChoice {
  Mode mode = Mode::udr;
  std::string reason;
};
ModeChoice choose_mode(const Config& config);

}  // namespace agent
