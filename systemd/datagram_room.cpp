#include "systemd/datagram_room.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

#include "net/descriptor.h"

namespace systemd {
namespace {

tl::unexpected<net::Error> no_room(int error, std::string_view path) {
  return net::failure(error, std::string(path) + ": " + std::system_category().message(error));
}

}  // namespace

net::Result<void> datagram_room(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return no_room(EINVAL, path);
  path.copy(static_cast<char*>(address.sun_path), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';

  const net::Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (socket.get() < 0 || connect(socket.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) {
    return no_room(errno, path);
  }
  // Only a connected socket learns of its peer's queue (unix_dgram_poll() in net/unix/af_unix.c).
  pollfd waiting{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  const bool room = poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLOUT) != 0;
  if (!room) return no_room(EAGAIN, path);
  return {};
}

}  // namespace systemd
