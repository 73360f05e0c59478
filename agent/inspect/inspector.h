#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/inspect/inspect.h"

namespace agent {

/// Looks at the node's surroundings on a thread of its own: now and then, and soon after something that they
/// consist of has changed.
class Inspector {
 public:
  /// Between two looks without a cause. What is seen here holds nobody back.
  static constexpr auto kInterval = std::chrono::seconds(60);

  /// `deliver` gets each look, on the inspector's thread.
  explicit Inspector(std::function<void(observed::NodeEnvironment)> deliver);
  /// Waits for a look that is under way, for at most its patience of three seconds.
  ~Inspector();
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  /// From now on this is the aim; another one is a cause to look.
  void aim(const InspectionTarget& aim);
  /// Something has changed: links, files.
  void request_inspection();

 private:
  using Clock = std::chrono::steady_clock;

  void work();
  /// False: it is time to end.
  bool await_cause(std::unique_lock<std::mutex>& lock);

  std::function<void(observed::NodeEnvironment)> deliver_;
  std::mutex mutex_;
  std::condition_variable called_;
  std::optional<InspectionTarget> aim_;
  bool cause_ = false;
  bool ending_ = false;
  Clock::time_point not_before_{};
  Clock::time_point next_{};
  std::thread thread_;
};

}  // namespace agent
