#pragma once

#include <csignal>

namespace https {

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
