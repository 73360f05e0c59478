#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/descriptor.h"
#include "net/error.h"

namespace agent {

/// Takes a flock(2) on a file that its owner alone can open, and so lock; it is made where it is not there
/// and never written or removed. Released with the descriptor.
///
/// EWOULDBLOCK: another process has it. ELOOP, EACCES and the like: the file is a link, another user's, or no
/// regular one, no matter who put it there.
net::Result<net::Descriptor> lock_file(const std::filesystem::path& file);

/// Who holds the lock, by what the kernel shows of all of them: also where the file may not be opened, and
/// without being in the way of a process that just takes it. nullopt: none, or a process that is not shown
/// here.
std::optional<pid_t> lock_holder(const std::filesystem::path& file);

/// The same out of /proc/locks (proc(5)).
std::optional<pid_t> lock_holder_in(std::string_view locks, dev_t device, std::uint64_t inode);

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
