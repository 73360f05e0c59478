#pragma once

#include "observed/host_settings.h"

namespace host {

/// Makes every text of a file, a program or an environment fit for a message, a terminal and a command: this
/// is where all of them enter.
void make_presentable(observed::HostSettings& settings);

}  // namespace host
