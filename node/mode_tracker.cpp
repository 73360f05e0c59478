#include "node/mode_tracker.h"

#include <fmt/format.h>

#include <utility>

namespace node {
namespace {

std::optional<ModeChoice> in_words(std::optional<Mode> configured) {
  if (!configured) return std::nullopt;
  return ModeChoice{.mode = *configured, .reason = fmt::format("mode = \"{}\"", mode_name(*configured))};
}

}  // namespace

ModeTracker::ModeTracker(std::optional<Mode> configured, std::optional<ModeChoice> kept)
    : configured_(configured), found_(std::move(kept)), is_kept_(found_.has_value()) {
  decide();
}

void ModeTracker::configure(std::optional<Mode> configured) {
  configured_ = configured;
  decide();
}

void ModeTracker::restore(ModeChoice kept) {
  if (!found_) {
    found_ = std::move(kept);
    is_kept_ = true;
  }
  guessed_since_.reset();
  decide();
}

void ModeTracker::find(ModeEvidence evidence, net::MonoTime now) {
  const bool same = found_ && found_->mode == evidence.choice.mode;
  if (evidence.conclusive) {
    guessed_since_.reset();
  } else if (!same) {
    guessed_since_ = now;
  }
  found_ = std::move(evidence.choice);
  is_kept_ = false;
  pending_.reset();
}

void ModeTracker::see(std::optional<ModeEvidence> evidence, net::MonoTime now, bool nothing_depends) {
  if (!first_look_) first_look_ = now;
  const bool is_no_other = evidence && (!found_ || evidence->choice.mode == found_->mode);
  const bool is_another = evidence && !is_no_other && contradicts(*evidence, found_->mode);
  if (!is_another) {
    pending_.reset();
  } else if (!pending_ || pending_->choice.mode != evidence->choice.mode) {
    pending_ = Pending{.choice = evidence->choice, .since = now};
  }
  // What was kept is in force in the kernel.
  const bool at_once = nothing_depends && !is_kept_;
  const bool has_held = is_another && (at_once || now - pending_->since >= kHold);
  if (is_no_other || has_held) find(std::move(*evidence), now);
  decide();
}

bool ModeTracker::is_a_guess(net::MonoTime now) const {
  if (configured_) return false;
  if (!found_) return !first_look_ || now - *first_look_ < kAssumed;
  return guessed_since_ && now - *guessed_since_ < kGuess;
}

std::optional<net::MonoTime> ModeTracker::due() const {
  if (!pending_) return std::nullopt;
  return pending_->since + kHold;
}

void ModeTracker::decide() {
  if (auto word = in_words(configured_)) {
    in_force_ = std::move(*word);
  } else if (found_) {
    in_force_ = {.mode = found_->mode, .reason = "mode = \"auto\": " + found_->reason};
  } else {
    in_force_ = {.mode = Mode::udr,
                 .reason =
                     "mode = \"auto\": nothing on this node shows its networking yet, user-defined routes "
                     "are assumed"};
  }
}

}  // namespace node
