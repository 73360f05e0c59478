#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "net/descriptor.h"
#include "net/error.h"

namespace agent {

/// "I am the agent of this network namespace", claimed in two ways: either one keeps a second agent out.
///
/// A listening abstract unix socket (unix(7)): abstract names belong to the network namespace, as routes do,
/// and vanish with the process, so a container with hostNetwork and a systemd service on one node see each
/// other. But every user of the node can take the name: who is neither root nor the service's user is no
/// agent, and ignored. Then a lock on /run/calico-azure-agent/lock, which only those two can open, keeps a
/// second agent away.
class InstanceLock {
 public:
  /// EADDRINUSE names the process of the agent that runs already.
  static net::Result<InstanceLock> take(const std::filesystem::path& runtime_folder);
  /// The process id of the running agent; 0 when it is not visible from here; nullopt when none runs.
  static std::optional<int> holder(const std::filesystem::path& runtime_folder);

  /// What stood in the way of one of the two, and who; empty: nothing.
  [[nodiscard]] const std::string& remark() const { return remark_; }

 private:
  InstanceLock() = default;

  net::Descriptor name_;
  net::Descriptor file_;
  std::string remark_;
};

}  // namespace agent
