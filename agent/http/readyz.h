#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/snapshot.h"

namespace agent::http {

/// A health answer in Kubernetes style.
struct Health {
  bool passed = false;
  /// "ok", or one line per check and a last one with the verdict: when asked for, and always on failure.
  ///
  ///     [+]nic.found ok
  ///     [+]nic.gateway unknown: eth0 has no IPv6 router yet       could not look: never holds
  ///     [+]sysctl.accept_ra skipped: no IPv6 CIDR                 does not apply
  ///     [+]nic.up excluded: ok                                    ?exclude=nic.up
  ///     [-]sysctl.ip_forward failed: net.ipv4.ip_forward is 0
  ///     readyz check failed
  std::string body;
};

struct HealthQuery {
  bool verbose = false;
  std::vector<std::string> exclude;  ///< ids that neither fail nor hold
  /// Set when the main loop hangs (heartbeat.h): the snapshot is as old, so nothing passes.
  std::optional<std::chrono::seconds> loop_silent_for{};
};

/// "[-]main_loop failed: it has not turned for 93 s\n"
std::string main_loop_failed(std::chrono::seconds silence);

/// Over the gates. Without exclusions it passes exactly when the snapshot is ready and its maker lives, so it
/// never contradicts READY and the ready file of a loop that turns. The line `agent.settled` appears before
/// the first publication alone. Exclusions leave the remaining gates to decide.
Health readyz(const core::Snapshot& snapshot, const HealthQuery& query);

/// The same over all checks: a failing warning fails it too.
Health healthz(const core::Snapshot& snapshot, const HealthQuery& query);

/// The ids of the list that no check of this version has.
std::vector<std::string> unknown_checks(const core::Snapshot& snapshot, const std::vector<std::string>& ids);

}  // namespace agent::http
