#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "agent/cloud/cloud_query.h"
#include "net/mutex.h"
#include "observed/cloud_state.h"

namespace agent {

/// Where those who ask find the question, and leave what they have learnt. Any thread.
class CloudQueryState {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `told` gets everything that is known, whenever something has changed; one call at a time.
  /// Who asks: each has an answer of its own to give.
  enum class Follower : std::uint8_t { azure, kubernetes };
  /// Questions up to this number are answered, and nobody asks anything before then.
  using Rests = std::function<void(std::uint64_t number, Time until)>;

  explicit CloudQueryState(std::function<void(const observed::CloudState&)> told, Rests rests = nullptr)
      : told_(std::move(told)), rests_(std::move(rests)) {}

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
  /// Goes with the next answer.
  void note(observed::Request request);
  /// This one has answered the question of that number and asks nothing before then, unless there is another
  /// question. Once that is true of all, so it is told, by one call at a time with what is learnt.
  void rest(Follower who, std::uint64_t number, Time until);

 private:
  void tell() CAA_REQUIRES(learning_);

  std::function<void(const observed::CloudState&)> told_;
  Rests rests_;
  mutable net::Mutex mutex_;
  mutable net::Condition asked_;
  Numbered current_ CAA_GUARDED_BY(mutex_);
  std::array<std::optional<Time>, 2> resting_ CAA_GUARDED_BY(mutex_) = {};  ///< by Follower, for current_
  std::vector<observed::Request> requests_ CAA_GUARDED_BY(mutex_) = {};
  net::Mutex learning_;
  observed::CloudState cloud_state_ CAA_GUARDED_BY(learning_);
};

}  // namespace agent
