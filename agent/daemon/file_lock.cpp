#include "agent/daemon/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

namespace agent {
namespace {

tl::unexpected<net::Error> refusal(const std::filesystem::path& file, int error) {
  return net::failure(
      error, fmt::format("cannot lock {}: {}", file.string(), std::system_category().message(error)));
}

// In a folder of the service user's anything may be there: a link is not followed, a FIFO not waited for.
constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

net::Descriptor open_or_make(const std::filesystem::path& file) {
  net::Descriptor made(::open(file.c_str(), kFlags | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR));
  if (!made) return errno == EEXIST ? net::Descriptor(::open(file.c_str(), kFlags)) : std::move(made);
  struct stat folder {};
  // What root's daemon makes, the service's must be able to lock after it.
  if (::stat(file.parent_path().c_str(), &folder) == 0 && folder.st_uid != ::geteuid())
    static_cast<void>(::fchown(made.get(), folder.st_uid, folder.st_gid) == 0);
  return made;
}

}  // namespace

net::Result<net::Descriptor> lock_file(const std::filesystem::path& file) {
  std::error_code ignored;  // open(2) reports it
  std::filesystem::create_directories(file.parent_path(), ignored);
  auto lock = open_or_make(file);
  struct stat status {};
  if (!lock || ::fstat(lock.get(), &status) != 0) return refusal(file, errno);
  if (!S_ISREG(status.st_mode)) return refusal(file, EINVAL);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return refusal(file, errno);
  return lock;
}

std::optional<pid_t> lock_holder_in(std::string_view locks, dev_t device, std::uint64_t inode) {
  // "1: FLOCK  ADVISORY  WRITE 4711 00:1a:1077 0 EOF"; "1: -> FLOCK …" is one that waits for it.
  const auto device_and_inode = fmt::format(" {:02x}:{:02x}:{} ", major(device), minor(device), inode);
  while (!locks.empty()) {
    const auto end = std::min(locks.find('\n'), locks.size());
    const auto line = locks.substr(0, end);
    locks.remove_prefix(std::min(end + 1, locks.size()));
    const auto at = line.find(device_and_inode);
    if (at == std::string_view::npos || line.find(": FLOCK ") == std::string_view::npos) continue;
    const auto number = line.substr(line.rfind(' ', at - 1) + 1);
    pid_t process = 0;
    std::from_chars(number.data(), number.data() + number.size(), process);
    return process;
  }
  return std::nullopt;
}

std::optional<pid_t> lock_holder(const std::filesystem::path& file) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return std::nullopt;
  std::ifstream stream("/proc/locks");
  const std::string locks{std::istreambuf_iterator<char>(stream), {}};
  return lock_holder_in(locks, status.st_dev, status.st_ino);
}

}  // namespace agent
