#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "simulator/cloud/arm_store.h"
#include "simulator/cloud/credentials.h"
#include "simulator/cloud/fault.h"
#include "simulator/cloud/kubernetes.h"
#include "simulator/cloud/node_store.h"
#include "simulator/record.h"
#include "simulator/wire.h"

namespace simulator::cloud {

/// A watch that has begun.
struct RunningWatch {
  WatchRequest request;
  std::uint64_t round = 0;  ///< end_watches() begins a new one
};

struct CloudReply {
  Answer answer;
  Delivery delivery = {};
  std::optional<RunningWatch> watch = {};
};

/// What ARM and the API server say to each request: their stores, the faults in force, and a record of who
/// asked what. Knows no sockets; any thread.
class Behaviour {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Behaviour(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  CloudReply reply(const Question& question, const ClientCertificate& certificate, Time now);
  /// What the watch has not been told yet.
  NodeStore::News news(RunningWatch& watch) const;

  net::Result<void> set_arm(std::string_view json);
  [[nodiscard]] std::string arm() const;
  net::Result<void> set_nodes(std::string_view json);
  [[nodiscard]] std::string nodes() const;
  [[nodiscard]] std::uint64_t version() const;
  net::Result<void> compact(std::uint64_t before);
  void end_watches();

  void set_faults(std::vector<Fault> faults, Time now);
  [[nodiscard]] std::vector<Fault> faults(Time now) const;

  Record& record() { return record_; }

 private:
  struct Active {
    Fault fault;
    Time set;
  };

  static bool is_over(const Active& active, Time now);
  std::optional<Fault> take_fault(const Target& target, Time now);
  CloudReply honest(const Question& question, const Target& target,
                    const ClientCertificate& certificate) const;

  const std::vector<std::string> tokens_;
  mutable std::mutex mutex_;
  ArmStore arm_;
  NodeStore nodes_;
  std::uint64_t round_ = 0;
  std::vector<Active> faults_;
  Record record_;
};

}  // namespace simulator::cloud
