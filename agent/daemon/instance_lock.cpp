#include "agent/daemon/instance_lock.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>

#include "agent/daemon/file_lock.h"
#include "agent/daemon/paths.h"

namespace agent {
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
    nobodys,         ///< free, or taken and not listened on: an agent does both at once
    agents,          ///< of a user that may be the agent
    foreign_routes,  ///< of another
    unknown,  ///< more ask than the holder has room for, or asking is not allowed: the lock has to tell
  };
  Whose whose = Whose::nobodys;
  std::string who;
  int process = 0;
};

Claim claim_on_the_name(const std::filesystem::path& folder) {
  const net::Descriptor asking(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!asking) return {.whose = Claim::Whose::unknown, .who = "a user that cannot be told"};
  const auto name = abstract_address();
  if (connect(asking.get(), name.raw(), name.length) != 0) {
    return {.whose = errno == ECONNREFUSED ? Claim::Whose::nobodys : Claim::Whose::unknown,
            .who = "a user that cannot be told"};
  }
  ucred holder{};
  socklen_t size = sizeof(holder);
  if (getsockopt(asking.get(), SOL_SOCKET, SO_PEERCRED, &holder, &size) != 0)
    return {.whose = Claim::Whose::unknown, .who = "a user that cannot be told"};
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
    // Of another user's file it cannot be had; whether somebody has it is shown all the same.
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
