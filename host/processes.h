#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/error.h"

namespace host {

/// What a process is known by.
struct ProcessPattern {
  std::string_view name;  ///< /proc/PID/comm: its first fifteen characters
  /// Stand one after the other somewhere behind the first word of /proc/PID/cmdline; empty: whatever stands
  /// there.
  std::vector<std::string_view> arguments = {};
};

/// /proc/PID/comm of each process that is shown to us.
using NamedProcesses = std::vector<std::pair<pid_t, std::string>>;

/// What the processes are called, from one look to the next: a busy node has hundreds, and a file for each.
/// One that has been there for ten minutes hardly takes another name, as execve(2) gives it; it is asked
/// every ten.
class ProcessNames {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr auto kSettled = std::chrono::minutes(10);

  NamedProcesses read(const std::filesystem::path& root, Time now);

 private:
  struct Known {
    std::string name;
    Time first{};  ///< seen
    Time asked{};
  };
  std::map<pid_t, Known> known_;
};

/// The processes that are shown to us, at one moment: a pass over /proc opens a file for each, so who asks
/// for several programs makes one.
class Processes {
 public:
  explicit Processes(const std::filesystem::path& root);
  Processes(const std::filesystem::path& root, NamedProcesses names);

  /// The first of this network namespace that is like one of these. ESRCH: none runs; EACCES: that is
  /// unknown, for none but our own container's processes are shown, or another user's are hidden.
  [[nodiscard]] net::Result<pid_t> running(std::span<const ProcessPattern> wanted) const;

  /// Of all files.
  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
  NamedProcesses names_;
};

/// The process that has the socket of this inode open (/proc/PID/fd, proc(5)); nullopt also where others'
/// descriptors are not shown: they are to root.
std::optional<pid_t> process_with_socket(const std::filesystem::path& root, std::uint64_t inode);

/// /proc/PID/comm, fit for a message; "" where it does not run, or is not shown.
std::string process_name(const std::filesystem::path& root, pid_t process);

/// When the process was started, to a hundredth of a second since the boot and a second of the boot itself.
net::Result<std::chrono::system_clock::time_point> start_of(const std::filesystem::path& root, pid_t process);

/// The environment of the Felix that runs in this network namespace, as far as it sets how pods are
/// networked. ESRCH: none runs; EACCES: it is not ours to read, or to see.
net::Result<std::map<std::string, std::string>> calico_environment(const Processes& processes);

/// Out of /proc/PID/environ: what concerns networking, its names in capitals, and never a secret.
std::map<std::string, std::string> parse_environment(std::string_view text);

/// The namespace of calico-node's pod on this node: in the names of its logs, which kubelet links as
/// /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log. Empty: there is none, or they are not to be read.
std::string calico_namespace(const std::filesystem::path& root);

/// Whether a BIRD runs in this network namespace. EACCES: other processes are not shown to us.
net::Result<bool> bird_runs(const Processes& processes);

}  // namespace host
