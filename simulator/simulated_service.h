#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulator/fault.h"
#include "simulator/message.h"

namespace simulator {

/// A request as it was received, and the status of its response; 0 when it got none.
struct RecordedRequest {
  std::string source;
  std::string method;
  std::string target;
  Headers headers;
  unsigned status = 0;
};

/// What every simulated service has: faults to inject, and a record of who asked what. Knows no sockets.
/// Every member may be called from any thread.
class SimulatedService {
 public:
  using Time = FaultInjector::Time;

  virtual ~SimulatedService() = default;
  SimulatedService(const SimulatedService&) = delete;
  SimulatedService& operator=(const SimulatedService&) = delete;

  [[nodiscard]] Service service() const { return service_; }

  /// Replaces the faults. A request gets the first one in force whose path fits it.
  void set_faults(std::vector<Fault> faults);
  void set_fault(Fault fault) { set_faults({std::move(fault)}); }
  void clear_faults() { set_faults({}); }
  /// Those still in force, with what is left of their counts.
  [[nodiscard]] std::vector<Fault> faults() const;

  [[nodiscard]] std::size_t request_count() const;
  /// The last 100 requests, oldest first; a watch is there once it has begun.
  [[nodiscard]] std::vector<RecordedRequest> recent() const;
  void forget_requests();
  /// Waits until so many requests have come since the start or forget_requests(); false on time-out.
  [[nodiscard]] bool await_requests(std::size_t count, std::chrono::milliseconds timeout) const;

  /// What the request gets: the truth, or what the first fault that concerns it makes of it.
  Reply reply(const Request& request);

 protected:
  explicit SimulatedService(Service service) : service_(service) {}

  /// Guards what the service serves, too.
  mutable std::mutex mutex_;

 private:
  // Asked with the mutex held.
  /// The truth, but for the faults that are about this service's own documents and tokens. `fault` may be
  /// null.
  virtual Reply true_reply(const Request& request, const Target& target, const Fault* fault, Time now) = 0;
  /// What the fault answers in the words of this service; nullopt for faults that are the same anywhere.
  virtual std::optional<Response> service_response(const Request& request, const Target& target,
                                                   const Fault& fault) const = 0;
  /// What every response of the service bears.
  virtual void add_headers(const Target& target, Response& response) const = 0;

  const Service service_;
  mutable std::condition_variable recorded_;
  FaultInjector faults_;
  std::size_t count_ = 0;
  std::deque<RecordedRequest> recent_;
};

}  // namespace simulator
