#include "netlink/watch.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>

#include "netlink/hint_message.h"

namespace netlink {
namespace {

constexpr std::array kGroups = {RTNLGRP_LINK,         RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                RTNLGRP_IPV4_ROUTE,   RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_NETCONF,
                                RTNLGRP_IPV6_NETCONF, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE};

/// Notifications of a link are about 1.5 KiB long, those of a route 150 bytes.
constexpr std::size_t kLargestNotification = 1 << 13;
constexpr std::size_t kNotificationsPerCall = 16;

/// Drops messages whose nlmsg_pid is ours. A filter loads words in network order, while the header is in the
/// host's.
net::Result<void> ignore_own(int descriptor, std::uint32_t own_port) {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(nlmsghdr, nlmsg_pid)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(own_port), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  }};
  const sock_fprog filter{.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) != 0) {
    return system_failure(errno, "filter of own changes");
  }
  return {};
}

}  // namespace

net::Result<std::unique_ptr<Watch>> Watch::open(std::uint32_t own_port, int receive_buffer) {
  auto socket = Socket::open({.receive_buffer = receive_buffer,
                              .send_buffer = 1 << 15,
                              .largest_datagram = kLargestNotification,
                              .datagrams_per_call = kNotificationsPerCall});
  if (!socket) return net::pass_on(socket);
  if (auto filtered = ignore_own(socket->descriptor(), own_port); !filtered) return net::pass_on(filtered);
  for (const int group : kGroups) {
    if (auto joined = socket->join(group); !joined) return net::pass_on(joined);
  }
  return std::unique_ptr<Watch>(new Watch(std::move(*socket)));
}

net::Result<void> Watch::read(std::vector<net::Hint>& into) {
  std::size_t messages = 0;
  while (messages < kMessagesPerRead) {
    const auto received = socket_.receive([&](const nlmsghdr& header) {
      ++messages;
      if (auto hint = decode_hint(header)) into.push_back(*hint);
    });
    if (received && *received == 0) return {};
    if (received) continue;
    const int error = received.error().code.value();
    if (error != ENOBUFS && error != EMSGSIZE) return net::pass_on(received);
    into.emplace_back().subject = net::Hint::Subject::overrun;
    ++messages;
  }
  return {};
}

}  // namespace netlink
