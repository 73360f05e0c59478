#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "simulator/fault.h"
#include "simulator/record.h"
#include "simulator/simulator.h"
#include "simulator/token_bucket.h"
#include "simulator/wire.h"

namespace simulator {

/// What the simulated IMDS says to each request: the document, the faults in force, the limits, and a record
/// of who asked what. Knows no sockets; any thread.
class Behaviour {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Behaviour();
  ~Behaviour();
  Behaviour(const Behaviour&) = delete;
  Behaviour& operator=(const Behaviour&) = delete;

  Reply reply(const Question& question, Time now);

  net::Result<void> set_document(std::string_view json);
  [[nodiscard]] std::string document() const;

  void set_faults(std::vector<Fault> faults, Time now);
  [[nodiscard]] std::vector<Fault> faults(Time now) const;

  void set_rate_limit(const RateLimit& limit);
  [[nodiscard]] RateLimit rate_limit() const;

  Record& record() { return record_; }

 private:
  struct Active {
    Fault fault;
    Time set;
  };
  struct Documents;

  static bool is_over(const Active& active, Time now);
  std::optional<Fault> take_fault(std::string_view target, Time now);
  Reply honest(const Question& question, const std::optional<Fault>& fault, Time now);
  std::shared_ptr<void> enter_identity();

  mutable std::mutex mutex_;
  std::unique_ptr<Documents> documents_;
  std::vector<Active> faults_;
  RateLimit limit_;
  TokenBucket general_;
  TokenBucket identity_;
  /// Shared with the replies, which may outlive this.
  std::shared_ptr<std::atomic<unsigned>> identity_open_;
  Record record_;
};

}  // namespace simulator
