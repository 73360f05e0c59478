#pragma once

#include <string>

#include "agent/cloud/question.h"
#include "agent/config/config.h"
#include "agent/core/nic_resolution.h"
#include "net/node_network.h"

namespace agent {

/// kubernetes.node_name, then NODE_NAME, then the host name.
std::string node_name(const Config& config);

/// What to ask Azure and Kubernetes about this node.
Question question_of(const Config& config, const net::NodeNetwork* network, const ResolvedNic* nic);

/// The mode in force and the sentence that says why.
struct ModeChoice {
  Mode mode = Mode::udr;
  std::string reason;
};
ModeChoice choose_mode(const Config& config);

}  // namespace agent
