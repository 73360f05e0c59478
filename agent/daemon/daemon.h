#pragma once

#include <memory>

#include "agent/config/load_config.h"
#include "net/error.h"

namespace agent {

/// The agent itself: one event loop that owns the kernel's door, the NodeController and every timer; beside
/// it a thread each for IMDS, for looking at what others have set up, and for HTTP, which answers from the
/// published snapshot; and the program that asks Azure and Kubernetes, as a process of its own.
class Daemon {
 public:
  /// Takes the instance lock and opens the kernel's door, so that what cannot work is known at once. The HTTP
  /// address may be another process's: the node gets its routes all the same. `sources` are read again on
  /// SIGHUP, and by itself until the node has been ready.
  static net::Result<std::unique_ptr<Daemon>> create(ConfigSources sources, LoadedConfig loaded);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  /// Runs until SIGTERM or SIGINT. Routes stay.
  void run();

 private:
  class Loop;
  explicit Daemon(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace agent
