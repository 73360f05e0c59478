#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "net/error.h"

struct nl_sock;
struct nlmsghdr;

namespace netlink {

/// What a socket is for, as sizes and options.
struct SocketOptions {
  /// SO_RCVBUF in bytes. nl_connect() lowers it to 32 KiB, where acknowledgements beyond 78 in flight are
  /// lost.
  int receive_buffer = 1 << 20;
  int send_buffer = 1 << 18;
  /// Multicast groups to join (RTNLGRP_*); empty for request sockets.
  std::vector<int> groups;
};

/// (Not socket.h: libnl has a <netlink/socket.h>, which a file of that name here would hide.)
///
/// A NETLINK_ROUTE socket of this network namespace, with strict checking, extended and capped
/// acknowledgements where the kernel knows them. Close-on-exec.
class Socket {
 public:
  static net::Result<Socket> open(const SocketOptions& options);

  [[nodiscard]] int descriptor() const;
  /// The port id (nlmsg_pid) by which the kernel knows this socket.
  [[nodiscard]] std::uint32_t port() const;
  /// The receive buffer that the kernel granted, in bytes.
  [[nodiscard]] int receive_buffer() const;

  /// One sendmsg(); rtnetlink does the work before it returns.
  net::Result<void> send(std::span<const std::byte> bytes);

  /// One datagram, waiting for it unless `wait` is false. EAGAIN: none is there; ENOBUFS: messages were lost.
  /// The bytes stay valid until the next call.
  net::Result<std::span<std::byte>> receive(bool wait);

 private:
  struct Free {
    void operator()(nl_sock* socket) const;
  };
  std::unique_ptr<nl_sock, Free> socket_;
  std::vector<std::byte> buffer_;
};

/// Calls `visit` for each whole message of a datagram; a truncated tail is left out.
void for_each_message(std::span<std::byte> datagram, const std::function<void(const nlmsghdr&)>& visit);

/// "… : Operation not permitted", in strerror's words.
tl::unexpected<net::Error> system_failure(int error, std::string_view doing);

}  // namespace netlink
