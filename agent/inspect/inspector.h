#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "agent/inspect/inspect.h"
#include "net/mutex.h"

namespace agent {

/// When the node environment is inspected again. Knows no clock.
class InspectionSchedule {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Between two looks without a cause. It holds back nothing.
  static constexpr auto kInterval = std::chrono::seconds(60);
  /// After each look, whatever the cause: pods come and go by the dozen, and a look starts programs.
  static constexpr auto kLeastPause = std::chrono::seconds(5);
  /// And at least so many times the processor time that the look took, its programs' included: inspection
  /// uses at most 5 % of a core. Waiting for who does not answer costs nothing.
  static constexpr auto kRest = 20;

  void request() { requested_ = true; }
  [[nodiscard]] Time due() const { return requested_ ? not_before_ : std::max(not_before_, next_); }
  void begin() { requested_ = false; }
  void end(Time end, Time::duration used) {
    not_before_ = end + std::max<Time::duration>(kLeastPause, used * kRest);
    next_ = end + kInterval;
  }

 private:
  bool requested_ = false;
  Time not_before_{};
  Time next_{};
};

/// Inspects the node environment on a thread of its own: now and then, and soon after something that they
/// consist of has changed.
class Inspector {
 public:
  using Look = std::function<observed::NodeEnvironment(const InspectionTarget&,
                                                       std::chrono::steady_clock::time_point finish_by)>;

  /// `deliver` gets each look, on the inspector's thread.
  explicit Inspector(std::function<void(observed::NodeEnvironment)> deliver,
                     Look look = look_at_present_links());
  /// Waits for a look that is under way, for at most its patience of three seconds.
  ~Inspector();
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  /// From now on this is the aim; another one is a cause to look.
  void aim(const InspectionTarget& aim);
  /// Something has changed: links, files.
  void request_inspection();

 private:
  /// inspect(), by the links of now; none where the kernel does not answer.
  static Look look_at_present_links();
  void work();
  /// False: it is time to end.
  bool await_cause() CAA_REQUIRES(mutex_);

  std::function<void(observed::NodeEnvironment)> deliver_;
  Look look_;
  net::Mutex mutex_;
  net::Condition called_;
  std::optional<InspectionTarget> aim_ CAA_GUARDED_BY(mutex_);
  InspectionSchedule schedule_ CAA_GUARDED_BY(mutex_);
  bool ending_ CAA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace agent
