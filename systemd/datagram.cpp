#include "systemd/datagram.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <system_error>

#include "net/descriptor.h"

namespace systemd {
namespace {

tl::unexpected<net::Error> not_sent(int error, std::string_view path) {
  return net::failure(error, std::string(path) + ": " + std::system_category().message(error));
}

}  // namespace

net::Result<void> send_datagram(std::string_view path, std::string_view text, int attached) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return not_sent(EINVAL, path);
  path.copy(static_cast<char*>(address.sun_path), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';

  iovec part{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  message.msg_iov = &part;
  message.msg_iovlen = text.empty() ? 0 : 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof attached)> control{};
  if (attached >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof attached);
    std::memcpy(CMSG_DATA(header), &attached, sizeof attached);
  }
  const net::Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket || ::sendmsg(socket.get(), &message, MSG_NOSIGNAL) < 0) return not_sent(errno, path);
  return {};
}

}  // namespace systemd
