#pragma once

#include "net/error.h"

namespace agent {

/// Gives up every capability that the daemon's service lends, and its place at the end of the kernel's list
/// of what to kill when memory runs out: who parses strangers' answers has no right to change routes, and
/// none to outlive them. CAP_DAC_READ_SEARCH stays where it was given, for azure.json and kubeconfigs are
/// root's: a service of its own has nothing else.
net::Result<void> give_up_privileges();

}  // namespace agent
