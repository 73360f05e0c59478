#pragma once

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "netlink/message.h"

struct nl_sock;

namespace netlink {

/// What a socket is for, in bytes.
struct SocketOptions {
  int protocol = NETLINK_ROUTE;
  /// SO_RCVBUF. nl_connect() lowers it to 32 KiB, where acknowledgements beyond 78 in flight are lost.
  int receive_buffer = 1 << 20;
  int send_buffer = 1 << 18;
  /// The longest datagram that is understood, and how many are fetched with one system call.
  std::size_t largest_datagram = 1 << 16;
  std::size_t datagrams_per_call = 1;
};

/// A netlink socket of the network namespace in which it was opened, with strict checking, extended and
/// capped acknowledgements where the kernel knows them. Close-on-exec; never waits. Not thread-safe.
///
/// (Not socket.h: libnl has a <netlink/socket.h>, which a file of that name here would hide.)
class Socket {
 public:
  static net::Result<Socket> open(const SocketOptions& options);

  [[nodiscard]] int descriptor() const;
  /// The port id (nlmsg_pid) by which the kernel knows this socket.
  [[nodiscard]] std::uint32_t port() const;
  /// The receive buffer that the kernel granted, in the bytes that it charges (twice what was asked for).
  [[nodiscard]] std::size_t granted_receive_buffer() const { return granted_; }
  /// The name of a device of this socket's namespace, "" when there is none with the index.
  [[nodiscard]] std::string device_name(std::uint32_t index) const;

  /// The first of `count` consecutive sequence numbers that no other request of this socket has in flight;
  /// none of them is 0, the sequence of notifications.
  std::uint32_t take_sequence(std::size_t count);

  /// Joins or leaves a multicast group, RTNLGRP_*.
  net::Result<void> join(int group);
  void leave(int group);

  /// One sendmsg(). rtnetlink works inside it: when it returns, every reply is in the receive buffer.
  net::Result<void> send(std::span<const std::byte> bytes);

  /// Fetches up to `datagrams_per_call` datagrams of the kernel and calls `visit` for each message in them;
  /// what other processes sent is dropped. Returns how many datagrams there were: 0 = the buffer is empty.
  /// ENOBUFS: the buffer had overflowed and messages were lost; what is left can still be received. EMSGSIZE:
  /// one was longer than `largest_datagram`.
  net::Result<std::size_t> receive(const Visit& visit);

  /// What runs between two parts of a dump, while nothing is locked and nothing of it is in use: for what
  /// cannot wait until it is over. It may use other sockets, not this one.
  void set_pause(std::function<void()> pause) { pause_ = std::move(pause); }
  void pause() const {
    if (pause_) pause_();
  }

  /// A dump of it was interrupted by changes, and is made again.
  void note_interruption() { ++interruptions_; }
  [[nodiscard]] std::uint64_t interruptions() const { return interruptions_; }

  /// Throws away whatever is in the receive buffer, to the end of a running dump.
  void discard();

 private:
  struct Free {
    void operator()(nl_sock* socket) const;
  };
  void make_room();

  std::unique_ptr<nl_sock, Free> socket_;
  SocketOptions options_;
  std::size_t granted_ = 0;
  /// Where datagrams go, and the kernel's description of that: made once, since a repair waits for it. Not
  /// initialized: what no datagram reaches is never memory.
  std::unique_ptr<std::byte[]> buffer_;
  std::vector<iovec> parts_;
  std::vector<sockaddr_nl> from_;
  std::vector<mmsghdr> messages_;
  std::uint32_t next_sequence_ = 1;
  std::function<void()> pause_;
  std::uint64_t interruptions_ = 0;
};

/// "netlink: DOING: Operation not permitted", in strerror's words.
tl::unexpected<net::Error> system_failure(int error, std::string_view doing);

}  // namespace netlink
