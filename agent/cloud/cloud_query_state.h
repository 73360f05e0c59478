#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "agent/cloud/cloud_query.h"
#include "net/mutex.h"
#include "observed/cloud_state.h"

namespace agent {

/// Where those who ask find the question, and leave what they have learnt. Any thread.
class CloudQueryState {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `told` gets everything that is known, whenever something has changed; one call at a time.
  explicit CloudQueryState(std::function<void(const observed::CloudState&)> told) : told_(std::move(told)) {}

  struct Numbered {
    CloudQuery query;
    std::uint64_t number = 0;  ///< counts the questions; 0: none yet
  };

  /// From now on this is the question.
  void ask(CloudQuery query);
  [[nodiscard]] Numbered query() const;
  /// Waits for the first one.
  Numbered await_first() const;
  /// Waits for another question than that number, or until then.
  Numbered await_other(std::uint64_t number, Time until) const;
  /// True when there is another question than that number.
  [[nodiscard]] bool is_stale(std::uint64_t number) const { return query().number != number; }

  /// Changes what is known by an answer to the question of that number; one to an older question is not
  /// received.
  void update(std::uint64_t number, const std::function<void(observed::CloudState&)>& change);
  /// The same for whom an answer is as good as long as the question `concerns` it.
  void update_while(const std::function<bool(const CloudQuery&)>& concerns,
                    const std::function<void(observed::CloudState&)>& change);

 private:
  std::function<void(const observed::CloudState&)> told_;
  mutable net::Mutex mutex_;
  mutable net::Condition asked_;
  Numbered current_ CAA_GUARDED_BY(mutex_);
  net::Mutex learning_;
  observed::CloudState cloud_state_ CAA_GUARDED_BY(learning_);
};

}  // namespace agent
