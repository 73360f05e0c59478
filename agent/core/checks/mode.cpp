#include "agent/core/mode.h"

#include <fmt/format.h>

#include "agent/core/checks/checks.h"
#include "agent/core/checks/pod_network.h"

namespace agent {

/// Fails for as long as it takes to change the routes: whoever waits for readiness must not see the mode that
/// comes with the routes of the one that goes.
Finding mode_in_force(const Facts& facts) {
  if (facts.mode_before) {
    return Finding::fail(fmt::format("the mode changes from {} to {}: {}", mode_name(*facts.mode_before),
                                     mode_name(facts.policy.mode), facts.mode_reason),
                         "until their routes are those of the new mode, pods' packets take the old ones",
                         "# nothing to do: the routes follow at once, see routes.in_sync where they do not");
  }
  return Finding::pass(fmt::format("{}: {}", mode_name(facts.policy.mode), facts.mode_reason));
}

Finding mode_contradicted(const Facts& facts) {
  const auto& cni = facts.surroundings.cni;
  if (!cni) return Finding::unknown("the node's CNI files have not been looked at yet");
  const auto& configuration = cni->configuration;
  if (configuration && usable_files(*configuration) > 1)
    return Finding::unknown(fmt::format("{} wins, see cni.winner", configuration->winner()->path));
  const auto against =
      contradiction_to(facts.policy.mode, configuration ? &*configuration : nullptr, facts.links);
  if (against) {
    return Finding::warn(against->what, "pods of two networkings on one node do not reach each other",
                         against->remedy);
  }
  if (!configuration && configuration.error().code.value() != ENOENT)
    return Finding::unknown(configuration.error().what);
  return Finding::pass(
      fmt::format("nothing on this node speaks against mode {}", mode_name(facts.policy.mode)));
}

}  // namespace agent
