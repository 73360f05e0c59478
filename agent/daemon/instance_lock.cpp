#include "agent/daemon/instance_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "agent/daemon/paths.h"

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

namespace {

constexpr std::string_view kInstanceName = "calico-azure-agent";

struct AbstractAddress {
  sockaddr_un address{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&address); }
};

AbstractAddress abstract_address() {
  AbstractAddress abstract;
  abstract.address.sun_family = AF_UNIX;
  // A leading NUL makes the name abstract.
  std::memcpy(abstract.address.sun_path + 1, kInstanceName.data(), kInstanceName.size());
  abstract.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + kInstanceName.size());
  return abstract;
}

std::filesystem::path lock_in(const std::filesystem::path& folder) { return folder / "lock"; }

/// Who has the name.
struct Claim {
  enum class Whose : std::uint8_t {
    nobodys,         ///< free, or bound without listen(2): an agent does both at once
    agents,          ///< of a user that may be the agent
    foreign_routes,  ///< of another
    unknown,  ///< more ask than the holder has room for, or asking is not allowed: the lock has to decide
  };
  Whose whose = Whose::nobodys;
  std::string who;
  int process = 0;
};

Claim claim_on_the_name(const std::filesystem::path& folder) {
  const net::Descriptor asking(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!asking) return {.whose = Claim::Whose::unknown, .who = "an unknown user"};
  const auto name = abstract_address();
  if (connect(asking.get(), name.raw(), name.length) != 0) {
    return {.whose = errno == ECONNREFUSED ? Claim::Whose::nobodys : Claim::Whose::unknown,
            .who = "an unknown user"};
  }
  ucred holder{};
  socklen_t size = sizeof(holder);
  if (getsockopt(asking.get(), SOL_SOCKET, SO_PEERCRED, &holder, &size) != 0)
    return {.whose = Claim::Whose::unknown, .who = "an unknown user"};
  const bool agents = Trusted(folder).includes(holder.uid) || holder.uid == geteuid();
  return {.whose = agents ? Claim::Whose::agents : Claim::Whose::foreign_routes,
          .who = user_text(holder.uid, holder.pid),
          .process = holder.pid};
}

tl::unexpected<net::Error> another_runs(int process) {
  return net::failure(EADDRINUSE,
                      fmt::format("another calico-azure-agent (process {}) already keeps the routes of this "
                                  "network namespace: stop it first",
                                  process > 0 ? std::to_string(process) : "unknown"));
}

}  // namespace

net::Result<InstanceLock> InstanceLock::take(const std::filesystem::path& runtime_folder) {
  InstanceLock lock;
  const auto name = abstract_address();
  lock.name_ = net::Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!lock.name_) return net::failure(errno, fmt::format("unix socket: {}", std::strerror(errno)));
  Claim claim;
  const bool named = bind(lock.name_.get(), name.raw(), name.length) == 0 &&
                     // Room for every prober: none is ever taken out of the queue.
                     listen(lock.name_.get(), SOMAXCONN) == 0;
  if (!named) {
    if (errno != EADDRINUSE)
      return net::failure(errno, fmt::format("instance lock: {}", std::strerror(errno)));
    claim = claim_on_the_name(runtime_folder);
    if (claim.whose == Claim::Whose::agents) return another_runs(claim.process);
    lock.name_ = {};
  }

  const auto file = lock_in(runtime_folder);
  auto locked = lock_file(file);
  if (locked) {
    lock.file_ = std::move(*locked);
  } else {
    // Another user's file cannot be locked; whether it is locked is shown all the same.
    const auto holder = lock_holder(file);
    if (holder || locked.error().code.value() == EWOULDBLOCK) return another_runs(holder.value_or(0));
    if (claim.whose == Claim::Whose::unknown) return another_runs(0);
    lock.remark_ = locked.error().what;
  }
  if (!named) {
    lock.remark_ = fmt::format(
        "the name @{} is held by {}, which is no agent: {}", kInstanceName,
        claim.who.empty() ? "somebody" : claim.who,
        locked ? "ignored, " + file.string() + " is locked instead" : "ignored, and " + locked.error().what);
  }
  return lock;
}

std::optional<int> InstanceLock::holder(const std::filesystem::path& runtime_folder) {
  const auto claim = claim_on_the_name(runtime_folder);
  if (claim.whose == Claim::Whose::agents) return claim.process;
  return lock_holder(lock_in(runtime_folder));
}

}  // namespace agent
