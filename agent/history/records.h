#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/log_event.h"
#include "core/snapshot.h"
#include "net/time.h"

namespace agent {

/// A line of the flight recorder, without its end: one JSON object that begins with its time, as log.format =
/// json has it, whatever bytes the event holds. What no person would read to its end is cut.
std::string event_record(const core::LogEvent& event, net::WallTime time);
/// `time` as another record has it.
std::string event_record(const core::LogEvent& event, std::string_view time);
/// The time that a record begins with.
std::string time_of_record(const std::string& record);

/// Written where nothing else has been for so long: what ends without a word is known to have run till then.
inline constexpr auto kSignOfLife = std::chrono::minutes(5);
inline constexpr std::string_view kAlive = "alive";
std::string alive_record(net::WallTime time);

/// What is true from then on, for those who ask what was when: mode, readiness, failed and unknown checks,
/// the NIC and the wanted routes. A line whenever one of them is another, and once a second at most where
/// they come and go: somebody who takes routes again and again changes them hundreds of times in a second.
class StateRecords {
 public:
  static constexpr int kAtOnce = 20;
  static constexpr auto kPause = std::chrono::seconds(1);

  /// The line about what is published now; nullopt: nothing of it is news, or it waits for the next one.
  std::optional<std::string> see(const std::shared_ptr<const core::Snapshot>& published, net::Now now);
  /// What was told may be lost: the next one is news.
  void forget() { told_ = nullptr; }

 private:
  bool may_speak(net::MonoTime now);

  std::shared_ptr<const core::Snapshot> told_;
  int budget_ = kAtOnce;
  net::MonoTime earned_at_{};
};

}  // namespace agent
