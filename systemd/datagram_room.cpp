#include "systemd/datagram_room.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

namespace systemd {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_;
};

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

  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (socket.value() < 0 || connect(socket.value(), reinterpret_cast<sockaddr*>(&address), length) != 0) {
    return no_room(errno, path);
  }
  // Only a connected socket learns of its peer's queue (unix_dgram_poll() in net/unix/af_unix.c).
  pollfd waiting{.fd = socket.value(), .events = POLLOUT, .revents = 0};
  const bool room = poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLOUT) != 0;
  if (!room) return no_room(EAGAIN, path);
  return {};
}

}  // namespace systemd
