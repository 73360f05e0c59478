#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "agent/inspect/inspect.h"
#include "net/mutex.h"

namespace agent {

/// When the node environment is inspected again. Knows no clock.
class InspectionSchedule {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Between two looks without a cause, while anything fails: a repair is seen soon. It holds back nothing.
  static constexpr auto kInterval = std::chrono::seconds(60);
  /// While nothing fails each look that no cause has brought doubles the time to the next one, up to this.
  /// Watches tell of what changes meanwhile (files of the CNI, links, rules); processes and the rest of the
  /// files are seen so late at most.
  static constexpr auto kCalmInterval = std::chrono::seconds(300);
  /// After each look, whatever the cause: pods come and go by the dozen, and a look starts programs.
  static constexpr auto kLeastPause = std::chrono::seconds(5);
  /// And at least so many times the processor time that the look took, its programs' included: inspection
  /// uses at most 5 % of a core. Waiting for who does not answer costs nothing.
  static constexpr auto kRest = 20;

  void request() { requested_ = true; }
  /// No check fails, and the files of the CNI are watched.
  void set_calm(bool calm) { calm_ = calm; }
  [[nodiscard]] bool is_calm() const { return calm_; }
  [[nodiscard]] Time due() const {
    return requested_ ? not_before_ : std::max(not_before_, ended_ + (calm_ ? interval_ : kInterval));
  }
  /// When the rules of packet filters are compared with those of the last look.
  [[nodiscard]] Time glance_due() const { return glanced_ + kInterval; }
  void glance(Time now) { glanced_ = now; }
  void begin() { had_cause_ = std::exchange(requested_, false); }
  void end(Time end, Time::duration used) {
    not_before_ = end + std::max<Time::duration>(kLeastPause, used * kRest);
    interval_ = !calm_ || had_cause_ ? kInterval : std::min(interval_ * 2, kCalmInterval);
    ended_ = glanced_ = end;
  }

 private:
  bool requested_ = false;
  bool had_cause_ = false;
  bool calm_ = false;
  std::chrono::seconds interval_ = kInterval;
  Time not_before_{};
  Time ended_ = Time{} - kInterval;
  Time glanced_{};
};

/// Inspects the node environment on a thread of its own: now and then, and soon after something that they
/// consist of has changed.
class Inspector {
 public:
  /// What it looks by, on its thread.
  struct Eyes {
    std::function<observed::NodeEnvironment(const InspectionTarget&,
                                            std::chrono::steady_clock::time_point finish_by)>
        look;
    /// Whether the rules of packet filters are others than those of the last look, at next to no cost.
    std::function<bool()> rules_have_changed;
  };

  /// `deliver` gets each look, on the inspector's thread.
  explicit Inspector(std::function<void(observed::NodeEnvironment)> deliver, Eyes eyes = eyes_on_this_host());
  /// Waits for a look that is under way, for at most its patience of three seconds.
  ~Inspector();
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  /// From now on this is the aim; another one is a cause to look. Nothing is looked at before the first.
  void aim(const InspectionTarget& aim);
  /// Something has changed: links, files.
  void request_inspection();
  /// As InspectionSchedule::set_calm().
  void set_calm(bool calm);

 private:
  /// inspect(), by the links of now; none where the kernel does not answer.
  static Eyes eyes_on_this_host();
  void work();
  /// False: it is time to end.
  bool await_cause() CAA_REQUIRES(mutex_);

  std::function<void(observed::NodeEnvironment)> deliver_;
  Eyes eyes_;
  net::Mutex mutex_;
  net::Condition called_;
  std::optional<InspectionTarget> aim_ CAA_GUARDED_BY(mutex_);
  InspectionSchedule schedule_ CAA_GUARDED_BY(mutex_);
  bool ending_ CAA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace agent
