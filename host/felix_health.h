#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "observed/host_settings.h"

namespace host {

struct FelixHealth {
  net::Result<int> status = net::failure(ENODATA, "not looked at");  ///< of /readiness
  std::vector<observed::FelixReporter> reporters = {};               ///< those that hold it back
};

/// Asks Felix whether it is ready, where its environment says it listens, or else where Calico and Tigera's
/// operator have it; and who holds it back, where it is not.
FelixHealth felix_health(const net::Result<std::map<std::string, std::string>>& environment,
                         std::chrono::steady_clock::time_point finish_by);

/// The rows of the table in Felix's answer that are not ready; at most eight. Empty for anything else.
std::vector<observed::FelixReporter> parse_felix_reporters(std::string_view body);

}  // namespace host
