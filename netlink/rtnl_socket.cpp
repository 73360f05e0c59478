#include "netlink/rtnl_socket.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <cstring>

namespace netlink {
namespace {

// Dumps come in parts of at most 32 KiB (netlink_dump() in net/netlink/af_netlink.c).
constexpr std::size_t kLargestDatagram = 1 << 16;

/// The privileged option goes beyond net.core.rmem_max; without CAP_NET_ADMIN the ordinary one does what it
/// can.
void set_buffer(int descriptor, int forced, int ordinary, int size) {
  if (setsockopt(descriptor, SOL_SOCKET, forced, &size, sizeof(size)) != 0) {
    setsockopt(descriptor, SOL_SOCKET, ordinary, &size, sizeof(size));
  }
}

/// Options that make the kernel stricter or more talkative: an old kernel without one still works.
void set_options(int descriptor) {
  const int on = 1;
  for (const int option : {NETLINK_GET_STRICT_CHK, NETLINK_EXT_ACK, NETLINK_CAP_ACK}) {
    setsockopt(descriptor, SOL_NETLINK, option, &on, sizeof(on));
  }
}

}  // namespace

tl::unexpected<net::Error> system_failure(int error, std::string_view doing) {
  return net::failure(error, fmt::format("netlink: {}: {}", doing, std::strerror(error)));
}

void Socket::Free::operator()(nl_sock* socket) const { nl_socket_free(socket); }

net::Result<Socket> Socket::open(const SocketOptions& options) {
  Socket socket;
  socket.socket_.reset(nl_socket_alloc());
  if (!socket.socket_) return system_failure(ENOMEM, "socket");
  nl_socket_disable_auto_ack(socket.socket_.get());
  nl_socket_disable_seq_check(socket.socket_.get());
  if (const int error = nl_connect(socket.socket_.get(), NETLINK_ROUTE); error < 0) {
    return net::failure(EPROTO, fmt::format("netlink: connect: {}", nl_geterror(error)));
  }
  const int descriptor = socket.descriptor();
  set_buffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer);
  set_buffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer);
  set_options(descriptor);
  for (const int group : options.groups) {
    if (setsockopt(descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
      return system_failure(errno, fmt::format("join group {}", group));
    }
  }
  socket.buffer_.resize(kLargestDatagram);
  return socket;
}

int Socket::descriptor() const { return nl_socket_get_fd(socket_.get()); }

std::uint32_t Socket::port() const { return nl_socket_get_local_port(socket_.get()); }

int Socket::receive_buffer() const {
  int size = 0;
  socklen_t length = sizeof(size);
  getsockopt(descriptor(), SOL_SOCKET, SO_RCVBUF, &size, &length);
  return size;
}

net::Result<void> Socket::send(std::span<const std::byte> bytes) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = 0;
  do {
    sent = sendto(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel));
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return system_failure(errno, "send");
  return {};
}

net::Result<std::span<std::byte>> Socket::receive(bool wait) {
  while (true) {
    sockaddr_nl from{};
    iovec part{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof(from);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const auto size = recvmsg(descriptor(), &message, wait ? 0 : MSG_DONTWAIT);
    if (size < 0) {
      if (errno == EINTR) continue;
      return system_failure(errno, "receive");
    }
    if (from.nl_pid != 0) continue;  // another process may send to our port; only the kernel is believed
    if ((message.msg_flags & MSG_TRUNC) != 0) return system_failure(EMSGSIZE, "receive");
    return std::span(buffer_).first(static_cast<std::size_t>(size));
  }
}

void for_each_message(std::span<std::byte> datagram, const std::function<void(const nlmsghdr&)>& visit) {
  int left = static_cast<int>(datagram.size());
  auto* header = reinterpret_cast<nlmsghdr*>(datagram.data());
  while (nlmsg_ok(header, left) != 0) {
    visit(*header);
    header = nlmsg_next(header, &left);
  }
}

}  // namespace netlink
