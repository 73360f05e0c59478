#include "node/mode.h"

#include <fmt/format.h>

#include "checks/check_row.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

/// Fails while the routes are being changed: what waits for readiness must not see the new mode with the
/// routes of the old one.
Finding mode_in_force(const Facts& facts) {
  if (facts.mode_before) {
    return Finding::fail(
        fmt::format("the mode changes from {} to {}: {}", node::mode_name(*facts.mode_before),
                    node::mode_name(facts.policy.mode), facts.mode_reason),

        remedy::edit("nothing to do: the routes follow at once, see routes.in_sync where they do not"));
  }
  return Finding::pass(fmt::format("{}: {}", node::mode_name(facts.policy.mode), facts.mode_reason));
}

/// The agent follows evidence against a mode that is not configured after a short while.
std::optional<Finding> about_to_change(const Facts& facts, const observed::CniConfiguration* configuration) {
  const auto evidence = node::evident_mode(configuration, *facts.links);
  const auto mode = facts.policy.mode;
  if (!facts.policy.mode_is_automatic || !evidence || !node::contradicts(*evidence, mode))
    return std::nullopt;
  return Finding::unknown(fmt::format("{}: mode {} is followed by {} once that has held",
                                      evidence->choice.reason, node::mode_name(mode),
                                      node::mode_name(evidence->choice.mode)));
}

/// An overlay that has gone away, or is not up yet, is no other mode, unless the configuration says so.
std::optional<Finding> no_longer_shown(const Facts& facts, const observed::CniConfiguration* configuration) {
  const auto evidence = node::evident_mode(configuration, *facts.links);
  if (!facts.policy.mode_is_automatic || !evidence || evidence->choice.mode == facts.policy.mode)
    return std::nullopt;
  return Finding::unknown(fmt::format(
      "{}, and nothing shows mode {} now, which is kept since this node ran it: its overlay may still start; "
      "if the node no longer runs it, set mode = \"{}\" in /etc/calico-azure-agent/config.toml",
      evidence->choice.reason, node::mode_name(facts.policy.mode), node::mode_name(evidence->choice.mode)));
}

Finding mode_contradicted(const Facts& facts) {
  const auto& cni = facts.environment->cni;
  if (!cni) return Finding::unknown("the node's CNI files have not been read yet");
  const auto& configuration = cni->configuration;
  if (is_in_the_way(facts)) {
    return Finding::reported_by("cni.winner", fmt::format("{} wins", configuration->winner()->path),
                                "it makes pods of another networking than the mode's");
  }
  const auto* files = configuration ? &*configuration : nullptr;
  if (auto changes = about_to_change(facts, files)) return *changes;
  if (auto gone = no_longer_shown(facts, files)) return *gone;
  const auto against = node::contradiction_to(facts.policy.mode, files, *facts.links);
  if (against) {
    return Finding::fail(against->what, "pods of two networkings on one node do not reach each other",
                         against->remedy);
  }
  if (!configuration && configuration.error().code.value() != ENOENT)
    return Finding::unknown(configuration.error().what);
  if (const auto network = seen_network(facts); network && !node::is_known_plugin(*network->main)) {
    return Finding::unknown(fmt::format("{} runs {}: whether mode {} fits it is not known",
                                        network->file->path, network->main->type,
                                        node::mode_name(facts.policy.mode)));
  }
  return Finding::pass(
      fmt::format("nothing on this node contradicts mode {}", node::mode_name(facts.policy.mode)));
}

}  // namespace

std::vector<Check> rows_of_mode() {
  return {
      {.order = 10,
       .id = "mode.in_force",
       .group = Group::cni,
       .gate = Gate::always,
       .why = "until their routes are those of the new mode, pods' packets take the old ones",
       .look = mode_in_force},
      {.order = 240, .id = "cni.mode", .group = Group::cni, .look = mode_contradicted},
  };
}

}  // namespace checks
