#include "agent/cloud/board.h"

#include <utility>

namespace agent {

void Board::ask(Question question) {
  {
    const std::lock_guard lock(mutex_);
    current_.question = std::move(question);
    ++current_.number;
  }
  asked_.notify_all();
}

Board::Numbered Board::question() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

Board::Numbered Board::await_first() const {
  std::unique_lock lock(mutex_);
  asked_.wait(lock, [&] { return current_.number != 0; });
  return current_;
}

Board::Numbered Board::await_other(std::uint64_t number, Time until) const {
  std::unique_lock lock(mutex_);
  asked_.wait_until(lock, until, [&] { return current_.number != number; });
  return current_;
}

void Board::learn_while(const std::function<bool(const Question&)>& concerns,
                        const std::function<void(Evidence&)>& change) {
  const std::lock_guard lock(learning_);
  if (!concerns(question().question)) return;
  change(evidence_);
  told_(evidence_);
}

void Board::learn(std::uint64_t number, const std::function<void(Evidence&)>& change) {
  const std::lock_guard lock(learning_);
  if (is_stale(number)) return;
  change(evidence_);
  told_(evidence_);
}

}  // namespace agent
