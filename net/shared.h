#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

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

  /// To make the next version: a copy of its own, unless this is the only one.
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

/// A list that is made once and then only read: copies share it, so that a hundred thousand routes or CIDRs
/// are held once, wherever they are wanted, compared and shown. Copies may be read on other threads.
template <class Value>
class SharedList {
 public:
  using value_type = Value;
  using const_iterator = typename std::vector<Value>::const_iterator;

  SharedList() = default;
  // Implicit: wherever a list is asked for, a vector or a braced list is one.
  SharedList(std::vector<Value> values) {
    values.shrink_to_fit();
    if (!values.empty()) values_ = std::make_shared<std::vector<Value>>(std::move(values));
  }
  SharedList(std::initializer_list<Value> values) : SharedList(std::vector<Value>(values)) {}

  [[nodiscard]] std::size_t size() const { return values_ ? values_->size() : 0; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] const_iterator begin() const { return list().begin(); }
  [[nodiscard]] const_iterator end() const { return list().end(); }
  [[nodiscard]] const Value& operator[](std::size_t index) const { return list()[index]; }
  [[nodiscard]] const Value& at(std::size_t index) const { return list().at(index); }
  [[nodiscard]] const Value& front() const { return list().front(); }
  [[nodiscard]] const Value& back() const { return list().back(); }
  [[nodiscard]] const std::vector<Value>& list() const {
    static const std::vector<Value> kNothing;
    return values_ ? *values_ : kNothing;
  }

  /// At once where both share one list.
  friend bool operator==(const SharedList& a, const SharedList& b) {
    return a.values_ == b.values_ || a.list() == b.list();
  }

 private:
  std::shared_ptr<const std::vector<Value>> values_;
};

}  // namespace net
