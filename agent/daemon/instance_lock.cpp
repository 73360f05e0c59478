#include "agent/daemon/instance_lock.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string_view>
#include <utility>

namespace agent {
namespace {

constexpr std::string_view kInstanceName = "calico-azure-agent";

struct AbstractAddress {
  sockaddr_un address{};
  socklen_t length = 0;
};

AbstractAddress abstract_address() {
  AbstractAddress abstract;
  abstract.address.sun_family = AF_UNIX;
  // A leading NUL makes the name abstract.
  std::memcpy(abstract.address.sun_path + 1, kInstanceName.data(), kInstanceName.size());
  abstract.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + kInstanceName.size());
  return abstract;
}

}  // namespace

net::Result<InstanceLock> InstanceLock::take() {
  net::Descriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!descriptor) return net::failure(errno, fmt::format("unix socket: {}", std::strerror(errno)));
  const auto name = abstract_address();
  if (bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&name.address), name.length) == 0 &&
      listen(descriptor.get(), 1) == 0) {
    return InstanceLock(std::move(descriptor));
  }
  const int error = errno;
  if (error != EADDRINUSE) return net::failure(error, fmt::format("instance lock: {}", std::strerror(error)));
  const auto pid = holder();
  return net::failure(error,
                      fmt::format("another calico-azure-agent (process {}) already keeps the routes of this "
                                  "network namespace: stop it first",
                                  pid ? std::to_string(*pid) : "unknown"));
}

std::optional<int> InstanceLock::holder() {
  const net::Descriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor) return std::nullopt;
  const auto name = abstract_address();
  const bool held =
      connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&name.address), name.length) == 0 ||
      errno == EAGAIN;  // a full backlog: somebody listens all the same
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (held) getsockopt(descriptor.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size);
  if (!held) return std::nullopt;
  return credentials.pid;
}

}  // namespace agent
