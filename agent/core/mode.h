#pragma once

#include <chrono>
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

/// Keeps the mode in force: the configuration's word, else what the evidence says. The first look is believed
/// at once; a changed mind needs the evidence to hold, so that a CNI that is being installed or replaced
/// makes nobody flap; evidence that goes away changes nothing.
class ModeKeeper {
 public:
  /// How long other evidence must hold.
  static constexpr auto kHold = std::chrono::seconds(30);

  /// `configured` empty: mode = "auto". `kept`: as it was before a restart.
  ModeKeeper(std::optional<Mode> configured, std::optional<ModeChoice> kept);

  /// The configuration's word now.
  void configure(std::optional<Mode> configured);
  /// What was known before a restart counts while nothing is known better.
  void recall(ModeChoice kept);
  void see(std::optional<ModeEvidence> evidence, MonoTime now);

  [[nodiscard]] const ModeChoice& in_force() const { return in_force_; }
  /// What the node itself shows, as far as it is believed: worth keeping.
  [[nodiscard]] const std::optional<ModeChoice>& found() const { return found_; }
  /// When see() has to be asked again, though nothing has happened.
  [[nodiscard]] std::optional<MonoTime> due() const;

 private:
  void decide();

  std::optional<Mode> configured_;
  std::optional<ModeChoice> found_;
  struct Pending {
    ModeChoice choice;
    MonoTime since{};
  };
  std::optional<Pending> pending_;
  bool has_seen_ = false;
  ModeChoice in_force_;
};

}  // namespace agent
