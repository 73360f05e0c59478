#include "netlink/rtnl_socket.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace netlink {
namespace {

/// The privileged option goes beyond net.core.rmem_max; without CAP_NET_ADMIN the ordinary one does what it
/// can.
void set_buffer(int descriptor, int forced, int ordinary, int size) {
  if (setsockopt(descriptor, SOL_SOCKET, forced, &size, sizeof(size)) != 0) {
    setsockopt(descriptor, SOL_SOCKET, ordinary, &size, sizeof(size));
  }
}

std::size_t receive_buffer_of(int descriptor) {
  int size = 0;
  socklen_t length = sizeof(size);
  if (getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, &length) != 0) return 0;
  return static_cast<std::size_t>(size);
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
  return net::failure(error, fmt::format("netlink: {}: {}", doing, std::system_category().message(error)));
}

void Socket::Free::operator()(nl_sock* socket) const { nl_socket_free(socket); }

net::Result<Socket> Socket::open(const SocketOptions& options) {
  Socket socket;
  socket.options_ = options;
  socket.socket_.reset(nl_socket_alloc());
  if (!socket.socket_) return system_failure(ENOMEM, "socket");
  errno = 0;
  if (const int error = nl_connect(socket.socket_.get(), options.protocol); error < 0) {
    // libnl folds several errno values into one of its own: the last errno of the system is more exact.
    if (errno != 0) return system_failure(errno, "connect");
    return net::failure(EPROTO, fmt::format("netlink: connect: {}", nl_geterror(error)));
  }
  const int descriptor = socket.descriptor();
  set_buffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer);
  set_buffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer);
  set_options(descriptor);
  socket.granted_ = receive_buffer_of(descriptor);
  socket.make_room();
  return socket;
}

int Socket::descriptor() const { return nl_socket_get_fd(socket_.get()); }

std::uint32_t Socket::port() const { return nl_socket_get_local_port(socket_.get()); }

std::string Socket::device_name(std::uint32_t index) const {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(index);
  if (ioctl(descriptor(), SIOCGIFNAME, &request) != 0) return "";
  return {std::begin(request.ifr_name),
          std::find(std::begin(request.ifr_name), std::end(request.ifr_name), '\0')};
}

std::uint32_t Socket::take_sequence(std::size_t count) {
  const auto wanted = static_cast<std::uint32_t>(count);
  if (wanted > UINT32_MAX - next_sequence_) next_sequence_ = 1;
  const auto first = next_sequence_;
  next_sequence_ += wanted;
  return first;
}

net::Result<void> Socket::join(int group) {
  if (setsockopt(descriptor(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
    return system_failure(errno, fmt::format("join group {}", group));
  }
  return {};
}

void Socket::leave(int group) {
  setsockopt(descriptor(), SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof(group));
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

void Socket::make_room() {
  const auto slots = options_.datagrams_per_call;
  buffer_ = std::make_unique_for_overwrite<std::byte[]>(slots * options_.largest_datagram);
  parts_.resize(slots);
  from_.resize(slots);
  messages_.resize(slots);
  for (std::size_t i = 0; i < slots; ++i) {
    parts_[i] = {.iov_base = &buffer_[i * options_.largest_datagram], .iov_len = options_.largest_datagram};
    auto& message = messages_[i].msg_hdr;
    message.msg_name = &from_[i];
    message.msg_namelen = sizeof(sockaddr_nl);
    message.msg_iov = &parts_[i];
    message.msg_iovlen = 1;
  }
}

net::Result<std::size_t> Socket::receive(const Visit& visit) {
  int received = 0;
  do {
    received = recvmmsg(descriptor(), messages_.data(), static_cast<unsigned>(messages_.size()), MSG_DONTWAIT,
                        nullptr);
  } while (received < 0 && errno == EINTR);
  if (received < 0 && errno == EAGAIN) return std::size_t{0};
  if (received < 0) return system_failure(errno, "receive");

  bool cut = false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) {
    auto& message = messages_[i];
    message.msg_hdr.msg_namelen = sizeof(sockaddr_nl);  // the kernel has set how much of it is used
    if (from_[i].nl_pid != 0) continue;  // who has CAP_NET_ADMIN may write to our port: not the kernel
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      cut = true;
      continue;
    }
    for_each_message({static_cast<const std::byte*>(parts_[i].iov_base), message.msg_len}, visit);
  }
  if (cut) return system_failure(EMSGSIZE, "receive");
  return static_cast<std::size_t>(received);
}

void Socket::discard() {
  while (true) {
    const auto received = receive([](const nlmsghdr&) {});
    const bool more =
        received ? *received > 0
                 : received.error().code.value() == ENOBUFS || received.error().code.value() == EMSGSIZE;
    if (!more) return;
  }
}

}  // namespace netlink
