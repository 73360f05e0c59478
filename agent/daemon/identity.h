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
Question question_of(const Config& config, Mode mode, const net::NodeNetwork* network,
                     const ResolvedNic* nic);

}  // namespace agent
