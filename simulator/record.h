#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "simulator/simulator.h"

namespace simulator {

/// Who asked what: all are counted, the last 100 kept. Any thread.
class Record {
 public:
  void add(Seen seen);

  [[nodiscard]] std::size_t count() const;
  /// Oldest first.
  [[nodiscard]] std::vector<Seen> recent() const;
  void forget();
  /// Waits until so many have come since the start or forget(); false on time-out.
  [[nodiscard]] bool await(std::size_t count, std::chrono::milliseconds timeout) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable added_;
  std::size_t count_ = 0;
  std::deque<Seen> recent_;
};

/// {"count":2,"last":{…},"recent":[{"source","method","target","headers":{…},"status"},…]}
nlohmann::ordered_json record_json(std::size_t count, const std::vector<Seen>& recent);

}  // namespace simulator
