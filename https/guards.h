#pragma once

#include <chrono>
#include <csignal>
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

/// While it lives, a write to a closed connection is an error of that write and no SIGPIPE in this thread:
/// OpenSSL writes without MSG_NOSIGNAL.
class PipeSignal {
 public:
  PipeSignal();
  ~PipeSignal();
  PipeSignal(const PipeSignal&) = delete;
  PipeSignal& operator=(const PipeSignal&) = delete;

 private:
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace https
