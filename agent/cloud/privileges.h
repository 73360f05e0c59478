#pragma once

#include "net/error.h"

namespace agent {

/// Gives up every capability that the daemon's service lends, and its place at the end of the kernel's list
/// of what to kill when memory runs out: who parses strangers' answers has no right to change routes, and
/// none to outlive them. Files are still read as their owner. Only a service of its own, which was given
/// CAP_DAC_READ_SEARCH and nothing else, keeps it: azure.json and kubeconfigs are root's.
net::Result<void> give_up_privileges();

}  // namespace agent
