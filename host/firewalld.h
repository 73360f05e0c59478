#pragma once

#include "host/processes.h"
#include "net/error.h"
#include "observed/host_settings.h"

namespace host {

/// firewalld, where it runs in this network namespace: its version, its backend and whether it has direct
/// rules. EACCES, ENOENT: that is hidden from us.
net::Result<observed::FirewalldSettings> firewalld_settings(const Processes& processes);

}  // namespace host
