#include "core/transition_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace core {

/// One each pause, saved up to kAtOnce.
bool TransitionLog::may_speak(net::MonoTime now) {
  const auto earned = static_cast<std::size_t>((now - allowed_at_) / kPause);
  if (earned > 0) {
    rate_limiter_ = std::min(rate_limiter_ + earned, kAtOnce);
    allowed_at_ = now;
  }
  if (rate_limiter_ == 0) return false;
  --rate_limiter_;
  return true;
}

std::vector<LogEvent> TransitionLog::see(std::shared_ptr<const Snapshot> now_is, Phase phase,
                                         net::MonoTime now) {
  const auto before = std::exchange(seen_, std::move(now_is));
  auto events = transitions(*told_, *seen_, phase);
  if (events.empty() && passed_over_ == 0) {
    told_ = seen_;
    return events;
  }
  if (phase == Phase::running && !may_speak(now)) {
    if (!transitions(*before, *seen_, phase).empty()) ++passed_over_;
    return {};
  }
  told_ = seen_;
  if (passed_over_ > 0) {
    events.push_back(
        {.level = LogLevel::warn,
         .message = fmt::format("checks and readiness come and go: changes since the last line that are not "
                                "written down: {}",
                                passed_over_)});
  }
  passed_over_ = 0;
  return events;
}

std::optional<net::MonoTime> TransitionLog::due() const {
  if (passed_over_ == 0) return std::nullopt;
  return allowed_at_ + kPause;
}

}  // namespace core
