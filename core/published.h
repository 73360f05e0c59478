#pragma once

#include <memory>
#include <utility>

#include "net/mutex.h"

namespace core {

/// The latest value of T: one thread publishes, any thread reads without waiting for work in progress.
/// A mutex around a shared_ptr, since libstdc++ 12's atomic<shared_ptr> is not understood by TSan.
template <class T>
class Published {
 public:
  explicit Published(T initial) : value_(std::make_shared<const T>(std::move(initial))) {}

  void publish(T value) { publish(std::make_shared<const T>(std::move(value))); }
  /// Never null.
  void publish(std::shared_ptr<const T> next) {
    const net::Lock lock(mutex_);
    value_.swap(next);
  }

  /// Never null; stays valid however often the publisher goes on.
  [[nodiscard]] std::shared_ptr<const T> read() const {
    const net::Lock lock(mutex_);
    return value_;
  }

 private:
  mutable net::Mutex mutex_;
  std::shared_ptr<const T> value_ CAA_GUARDED_BY(mutex_);
};

}  // namespace core
