#include "agent/http/process_use.h"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace agent::http {
namespace {

double cpu_seconds() {
  timespec used{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// proc_pid_statm(5), in pages: size resident …
void read_memory(ProcessUse& use) {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(file >> size >> resident)) return;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  use.virtual_bytes = size * page;
  use.resident_bytes = resident * page;
}

std::optional<std::uint64_t> open_fds() {
  std::error_code error;
  const std::filesystem::directory_iterator folder("/proc/self/fd", error);
  if (error) return std::nullopt;
  // One of them is the folder itself.
  return static_cast<std::uint64_t>(std::distance(begin(folder), end(folder))) - 1;
}

}  // namespace

ProcessUse process_use() {
  ProcessUse use{.cpu_seconds = cpu_seconds(), .open_fds = open_fds()};
  read_memory(use);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    use.max_fds = limit.rlim_cur;
  return use;
}

}  // namespace agent::http
