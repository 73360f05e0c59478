#include "simulator/record.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace simulator {
namespace {

constexpr std::size_t kRemembered = 100;

}  // namespace

void Record::add(Seen seen) {
  const std::lock_guard lock(mutex_);
  recent_.push_back(std::move(seen));
  if (recent_.size() > kRemembered) recent_.pop_front();
  ++count_;
  added_.notify_all();
}

std::size_t Record::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::vector<Seen> Record::recent() const {
  const std::lock_guard lock(mutex_);
  return {recent_.begin(), recent_.end()};
}

void Record::forget() {
  const std::lock_guard lock(mutex_);
  recent_.clear();
  count_ = 0;
}

bool Record::await(std::size_t count, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return added_.wait_for(lock, timeout, [&] { return count_ >= count; });
}

nlohmann::ordered_json record_json(std::size_t count, const std::vector<Seen>& recent) {
  using nlohmann::ordered_json;
  ordered_json list = ordered_json::array();
  for (const auto& seen : recent) {
    ordered_json headers = ordered_json::object();
    for (const auto& [name, value] : seen.headers) headers[name] = value;
    list.push_back({{"source", seen.source},
                    {"method", seen.method},
                    {"target", seen.target},
                    {"headers", std::move(headers)},
                    {"status", seen.status}});
  }
  const ordered_json last = list.empty() ? ordered_json() : list.back();
  return {{"count", count}, {"last", last}, {"recent", std::move(list)}};
}

}  // namespace simulator
