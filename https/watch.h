#pragma once

#include <chrono>
#include <thread>

#include "net/descriptor.h"
#include "net/mutex.h"

namespace https {

/// Ends a connection at a deadline, whatever is under way on it: cpp-httplib's time-outs are for each read,
/// and its stop() waits for the handshake.
class Watch {
 public:
  explicit Watch(std::chrono::steady_clock::time_point finish_by);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// This socket from now on; it stays the caller's to close.
  void guard(int socket);
  [[nodiscard]] bool expired() const;

 private:
  void wait(std::chrono::steady_clock::time_point finish_by);

  mutable net::Mutex mutex_;
  net::Condition ended_;
  bool over_ CAA_GUARDED_BY(mutex_) = false;
  bool expired_ CAA_GUARDED_BY(mutex_) = false;
  net::Descriptor socket_ CAA_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace https
