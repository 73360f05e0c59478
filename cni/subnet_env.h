#pragma once

#include <string_view>

#include "observed/cni.h"

namespace cni {

/// flannel's subnet.env: KEY=VALUE lines. EBADMSG, as a predicate of the file ("has no FLANNEL_MTU: half
/// written?"), for what flannel's own plug-in would refuse.
net::Result<observed::FlannelLease> parse_subnet_env(std::string_view text);

}  // namespace cni
