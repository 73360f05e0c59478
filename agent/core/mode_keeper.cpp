#include "agent/core/mode_keeper.h"

#include <fmt/format.h>

#include <utility>

namespace agent {
namespace {

std::optional<ModeChoice> in_words(std::optional<Mode> configured) {
  if (!configured) return std::nullopt;
  return ModeChoice{.mode = *configured, .reason = fmt::format("mode = \"{}\"", mode_name(*configured))};
}

}  // namespace

ModeKeeper::ModeKeeper(std::optional<Mode> configured, std::optional<ModeChoice> kept)
    : configured_(configured), found_(std::move(kept)) {
  decide();
}

void ModeKeeper::configure(std::optional<Mode> configured) {
  configured_ = configured;
  decide();
}

void ModeKeeper::recall(ModeChoice kept) {
  if (!found_) found_ = std::move(kept);
  guessed_since_.reset();
  decide();
}

void ModeKeeper::find(ModeEvidence evidence, MonoTime now) {
  const bool same = found_ && found_->mode == evidence.choice.mode;
  if (evidence.conclusive) {
    guessed_since_.reset();
  } else if (!same) {
    guessed_since_ = now;
  }
  found_ = std::move(evidence.choice);
  pending_.reset();
}

void ModeKeeper::see(std::optional<ModeEvidence> evidence, MonoTime now) {
  if (!first_look_) first_look_ = now;
  const bool is_no_other = evidence && (!found_ || evidence->choice.mode == found_->mode);
  const bool is_another = evidence && !is_no_other && speaks_against(*evidence, found_->mode);
  if (!is_another) {
    pending_.reset();
  } else if (!pending_ || pending_->choice.mode != evidence->choice.mode) {
    pending_ = Pending{.choice = evidence->choice, .since = now};
  }
  const bool has_held = is_another && now - pending_->since >= kHold;
  if (is_no_other || has_held) find(std::move(*evidence), now);
  decide();
}

bool ModeKeeper::is_a_guess(MonoTime now) const {
  if (configured_) return false;
  if (!found_) return !first_look_ || now - *first_look_ < kAssumed;
  return guessed_since_ && now - *guessed_since_ < kGuess;
}

std::optional<MonoTime> ModeKeeper::due() const {
  if (!pending_) return std::nullopt;
  return pending_->since + kHold;
}

void ModeKeeper::decide() {
  if (auto word = in_words(configured_)) {
    in_force_ = std::move(*word);
  } else if (found_) {
    in_force_ = {.mode = found_->mode, .reason = "mode = \"auto\": " + found_->reason};
  } else {
    in_force_ = {.mode = Mode::udr,
                 .reason =
                     "mode = \"auto\": nothing on this node tells its networking yet, user-defined routes "
                     "are assumed"};
  }
}

}  // namespace agent
