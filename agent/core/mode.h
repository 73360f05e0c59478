#pragma once

#include <optional>
#include <span>
#include <string>

#include "agent/core/policy.h"
#include "agent/core/snapshot.h"
#include "net/cni.h"
#include "net/link.h"

namespace agent {

/// A mode, and the sentence that says why it is this one.
struct ModeChoice {
  Mode mode = Mode::udr;
  std::string reason;

  bool operator==(const ModeChoice&) const = default;
};

/// What a node shows of its mode.
struct ModeEvidence {
  ModeChoice choice;
  /// Something that no other mode has. Without, it is the best guess where nothing is known better: Calico's
  /// files alone are the same before flannel's or Calico's overlay is up.
  bool conclusive = false;

  bool operator==(const ModeEvidence&) const = default;
};

/// Cheapest first: the plug-in of the configuration that wins, the overlay's link, the pods' links. nullopt:
/// neither says anything. `configuration` is null while it could not be read.
std::optional<ModeEvidence> evident_mode(const net::CniConfiguration* configuration,
                                         std::span<const net::Link> links);

/// What on this node speaks against the mode in force, and what to remove, in two sentences; nullopt:
/// nothing.
struct Contradiction {
  std::string what;
  std::string remedy;
};
std::optional<Contradiction> contradiction_to(Mode mode, const net::CniConfiguration* configuration,
                                              std::span<const net::Link> links);

}  // namespace agent
