#pragma once

#include <optional>
#include <utility>

#include "net/descriptor.h"
#include "net/error.h"

namespace agent {

/// "I am the agent of this network namespace": a listening abstract unix socket (unix(7)). Abstract names
/// belong to the network namespace, as routes do, and vanish with the process: no stale file, and a container
/// with hostNetwork and a systemd service on one node see each other.
class InstanceLock {
 public:
  /// EADDRINUSE names the process that holds it.
  static net::Result<InstanceLock> take();
  /// The process id of the running agent; 0 when it is not visible from here; nullopt when none runs.
  static std::optional<int> holder();

 private:
  explicit InstanceLock(net::Descriptor socket) : socket_(std::move(socket)) {}
  net::Descriptor socket_;
};

}  // namespace agent
