#include "agent/cloud/cloud_query_state.h"

#include <algorithm>
#include <utility>

namespace agent {
namespace {

/// Verifying is seven, and each ends with an answer.
constexpr std::size_t kMostRequests = 64;

}  // namespace

void CloudQueryState::ask(CloudQuery query) {
  {
    const net::Lock lock(mutex_);
    current_.query = std::move(query);
    ++current_.number;
    resting_ = {};
  }
  asked_.notify_all();
}

CloudQueryState::Numbered CloudQueryState::query() const {
  const net::Lock lock(mutex_);
  return current_;
}

CloudQueryState::Numbered CloudQueryState::await_first() const {
  const net::Lock lock(mutex_);
  while (current_.number == 0) asked_.wait(mutex_);
  return current_;
}

CloudQueryState::Numbered CloudQueryState::await_other(std::uint64_t number, Time until) const {
  const net::Lock lock(mutex_);
  while (current_.number == number && asked_.wait_until(mutex_, until)) continue;
  return current_;
}

void CloudQueryState::update_while(const std::function<bool(const CloudQuery&)>& concerns,
                                   const std::function<void(observed::CloudState&)>& change) {
  const net::Lock lock(learning_);
  if (!concerns(query().query)) return;
  change(cloud_state_);
  tell();
}

void CloudQueryState::note(observed::Request request) {
  const net::Lock lock(mutex_);
  if (requests_.size() < kMostRequests) requests_.push_back(request);
}

void CloudQueryState::tell() {
  {
    const net::Lock lock(mutex_);
    cloud_state_.requests = std::exchange(requests_, {});
  }
  told_(cloud_state_);
}

void CloudQueryState::rest(Follower who, std::uint64_t number, Time until) {
  {
    const net::Lock lock(mutex_);
    if (current_.number != number) return;
    resting_.at(static_cast<std::size_t>(who)) = until;
    for (const auto& each : resting_) {
      if (!each) return;
      until = std::min(until, *each);
    }
  }
  const net::Lock lock(learning_);  // nobody is telling at the same time
  if (rests_) rests_(number, until);
}

void CloudQueryState::update(std::uint64_t number, const std::function<void(observed::CloudState&)>& change) {
  const net::Lock lock(learning_);
  if (is_stale(number)) return;
  change(cloud_state_);
  tell();
}

}  // namespace agent
