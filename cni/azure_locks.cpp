#include "cni/azure_locks.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "cni/folder.h"

namespace cni {
namespace {

struct LockFile {
  const char* name;
  bool by_being_there;
};

// Until 2021 whoever created the file held the lock, and one that crashed holds it for ever. Since then it is
// a flock(2) on a file of another name, which stays behind, with its last holder's number in it, when all is
// well. https://github.com/Azure/azure-container-networking: store/json.go, processlock/filelock.go
constexpr std::array kLockFiles = {
    LockFile{.name = "azure-vnet.json.lock", .by_being_there = true},
    LockFile{.name = "azure-vnet-ipam.json.lock", .by_being_there = true},
    LockFile{.name = "azure-vnet/azure-vnet.json.lock", .by_being_there = true},
    LockFile{.name = "azure-vnet/azure-vnet-ipam.json.lock", .by_being_there = true},
    LockFile{.name = "azure-vnet/azure-vnet.lock", .by_being_there = false},
    LockFile{.name = "azure-vnet/azure-vnet-ipam.lock", .by_being_there = false},
};

/// Both kinds of holder write to the file once they have the lock.
std::chrono::seconds age_of(const struct stat& status) {
  using namespace std::chrono;
  const auto since = system_clock::from_time_t(status.st_mtim.tv_sec);
  return std::max(duration_cast<seconds>(system_clock::now() - since), seconds(0));
}

}  // namespace

bool is_flocked(std::string_view proc_locks, dev_t device, ino_t inode) {
  const auto file = fmt::format(" {:02x}:{:02x}:{} ", major(device), minor(device), inode);
  while (!proc_locks.empty()) {
    const auto line = proc_locks.substr(0, proc_locks.find('\n'));
    proc_locks.remove_prefix(std::min(line.size() + 1, proc_locks.size()));
    const bool is_wait = line.find("->") != std::string_view::npos;
    if (!is_wait && line.find(" FLOCK ") != std::string_view::npos &&
        line.find(file) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

AzureLocks find_azure_locks(const std::filesystem::path& state) {
  AzureLocks locks;
  for (const auto& [name, by_being_there] : kLockFiles) {
    const auto path = state / name;
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
      // azure-vnet makes its folder with mode 0664: without x not even its owner may look into it.
      const int error = errno;
      if (error != ENOENT && error != ENOTDIR) {
        locks.unknown = fmt::format("{} {}", path.string(), unreadable(error).value().what);
      }
      continue;
    }
    if (!S_ISREG(status.st_mode)) continue;
    if (!by_being_there) {
      const auto all = read_file("/proc/locks");
      if (!all) {
        locks.unknown = fmt::format("/proc/locks {}", all.error().what);
        continue;
      }
      if (!is_flocked(*all, status.st_dev, status.st_ino)) continue;
    }
    locks.held.push_back({.path = path.string(), .age = age_of(status)});
  }
  return locks;
}

}  // namespace cni
