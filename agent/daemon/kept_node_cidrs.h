#pragma once

#include <filesystem>
#include <string>

#include "agent/core/node_cidrs.h"
#include "net/error.h"

namespace agent {

/// The node CIDRs that Azure or Kubernetes told last, kept so that a restart while neither answers loses no
/// route.
net::Result<void> keep_node_cidrs(const std::filesystem::path& file, const NodeCidrs& told,
                                  const std::string& vm_id);

/// What was kept on this VM. ENOENT: nothing, or another VM's (an image made from a node); EBADMSG for a
/// damaged file.
net::Result<NodeCidrs> kept_node_cidrs(const std::filesystem::path& file, const std::string& vm_id);

}  // namespace agent
