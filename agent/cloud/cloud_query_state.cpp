#include "agent/cloud/cloud_query_state.h"

#include <utility>

namespace agent {

void CloudQueryState::ask(CloudQuery query) {
  {
    const std::lock_guard lock(mutex_);
    current_.query = std::move(query);
    ++current_.number;
  }
  asked_.notify_all();
}

CloudQueryState::Numbered CloudQueryState::query() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

CloudQueryState::Numbered CloudQueryState::await_first() const {
  std::unique_lock lock(mutex_);
  asked_.wait(lock, [&] { return current_.number != 0; });
  return current_;
}

CloudQueryState::Numbered CloudQueryState::await_other(std::uint64_t number, Time until) const {
  std::unique_lock lock(mutex_);
  asked_.wait_until(lock, until, [&] { return current_.number != number; });
  return current_;
}

void CloudQueryState::update_while(const std::function<bool(const CloudQuery&)>& concerns,
                                   const std::function<void(observed::CloudState&)>& change) {
  const std::lock_guard lock(learning_);
  if (!concerns(query().query)) return;
  change(cloud_state_);
  told_(cloud_state_);
}

void CloudQueryState::update(std::uint64_t number, const std::function<void(observed::CloudState&)>& change) {
  const std::lock_guard lock(learning_);
  if (is_stale(number)) return;
  change(cloud_state_);
  told_(cloud_state_);
}

}  // namespace agent
