#pragma once

#include <optional>
#include <span>
#include <string>

#include "net/link.h"
#include "net/time.h"
#include "node/policy.h"
#include "observed/cni.h"
#include "remedy/remedy.h"

namespace node {

/// A mode, and the reason for it in a sentence.
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
  /// A guess that is certain of one thing: pods' addresses are not Azure's, nor is any pod of Azure CNI's
  /// left.
  bool is_not_azure_cni = false;

  bool operator==(const ModeEvidence&) const = default;
};

/// True where the mode cannot be `mode`, but must be that of the evidence or, by a guess, may be.
bool contradicts(const ModeEvidence& evidence, Mode mode);

/// Cheapest first: the plug-in that makes pods' interfaces, by the file that wins and whomever a meta plug-in
/// in it hands them to; Azure CNI's links where that plug-in shows nothing; the overlay's link; the pods'
/// links. nullopt: none shows any. `configuration` is null while it could not be read.
std::optional<ModeEvidence> evident_mode(const observed::CniConfiguration* configuration,
                                         std::span<const net::Link> links);

/// True for plug-ins whose way to route pods is known: they fit a mode, or speak against it.
bool is_known_plugin(const observed::CniPlugin& plugin);

/// Pods' addresses are Azure's: azure-vnet, or another plug-in with an IPAM of Azure's.
bool is_azure_plugin(const observed::CniPlugin& plugin);

/// What on this node contradicts the mode in force, and the remedy; nullopt: nothing.
struct Contradiction {
  std::string what;
  remedy::Remedy remedy;
};
std::optional<Contradiction> contradiction_to(Mode mode, const observed::CniConfiguration* configuration,
                                              std::span<const net::Link> links);

}  // namespace node
