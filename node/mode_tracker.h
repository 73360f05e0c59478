#pragma once

#include <chrono>
#include <optional>

#include "net/time.h"
#include "node/mode.h"
#include "node/policy.h"

namespace node {

/// Keeps the mode in force: the configured one, else the one that the node shows. The first evidence is
/// followed at once, for without it user-defined routes are a mere guess; a change of mode needs the evidence
/// to hold, so that a CNI that is being installed or replaced makes no node flap; evidence that goes away
/// changes nothing, nor does a guess, but where it rules out the mode that was found.
class ModeTracker {
 public:
  /// How long other evidence must hold.
  static constexpr auto kHold = std::chrono::seconds(30);
  /// How long what is not conclusive is a guess: Calico's files alone are the same before flannel's or
  /// Calico's own overlay is up.
  static constexpr auto kGuess = std::chrono::minutes(3);
  /// How long a node that shows nothing at all may still be about to: AKS brings the files of Azure CNI by a
  /// DaemonSet, whose image is pulled first. Afterwards it is one whose files may not be read.
  static constexpr auto kAssumed = std::chrono::minutes(10);

  /// `configured` empty: mode = "auto". `kept`: as it was before a restart.
  ModeTracker(std::optional<Mode> configured, std::optional<ModeChoice> kept);

  /// The configured mode as of now.
  void configure(std::optional<Mode> configured);
  /// What was known before a restart counts while nothing is known better.
  void restore(ModeChoice kept);
  /// `nothing_depends`: no route has been wanted by the mode yet, so that another one need not hold.
  void see(std::optional<ModeEvidence> evidence, net::MonoTime now, bool nothing_depends = false);

  [[nodiscard]] const ModeChoice& in_force() const { return in_force_; }
  /// What the node itself shows, as far as it is believed: worth keeping.
  [[nodiscard]] const std::optional<ModeChoice>& found() const { return found_; }
  /// Nothing, or nothing conclusive for long enough, shows that the mode is this one: what it would need is
  /// not to be demanded yet, and another mode is no news.
  [[nodiscard]] bool is_a_guess(net::MonoTime now) const;
  /// When see() has to be asked again, though nothing has happened.
  [[nodiscard]] std::optional<net::MonoTime> due() const;

 private:
  struct Pending {
    ModeChoice choice;
    net::MonoTime since{};
  };
  void find(ModeEvidence evidence, net::MonoTime now);
  void decide();

  std::optional<Mode> configured_;
  std::optional<ModeChoice> found_;
  bool is_kept_ = false;  ///< found_ is what was known before a restart
  std::optional<net::MonoTime> first_look_;
  std::optional<net::MonoTime> guessed_since_;  ///< of found_, while that is not conclusive
  std::optional<Pending> pending_;
  ModeChoice in_force_;
};

}  // namespace node
