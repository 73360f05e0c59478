#pragma once

#include <memory>
#include <utility>

namespace net {

/// A value that is made once and then only read: copies share it, however large it is. Copies may be read on
/// other threads.
template <class Value>
class Shared {
 public:
  Shared() : value_(std::make_shared<Value>()) {}
  // Implicit: wherever a shared value is asked for, the value is one.
  Shared(Value value) : value_(std::make_shared<Value>(std::move(value))) {}

  [[nodiscard]] const Value& operator*() const { return *value_; }
  [[nodiscard]] const Value* operator->() const { return value_.get(); }

  /// For whoever makes the next one: a copy of its own, unless this is the only one.
  [[nodiscard]] Value& edit() {
    if (value_.use_count() != 1) value_ = std::make_shared<Value>(*value_);
    return *value_;
  }

  friend bool operator==(const Shared& a, const Shared& b) {
    return a.value_ == b.value_ || *a.value_ == *b.value_;
  }

 private:
  std::shared_ptr<Value> value_;
};

}  // namespace net
