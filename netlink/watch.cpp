#include "netlink/watch.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>

#include "netlink/codecs.h"
#include "netlink/proc.h"
#include "netlink/watch_filter.h"

namespace netlink {
namespace {

constexpr std::array kGroups = {RTNLGRP_LINK,         RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                RTNLGRP_IPV4_ROUTE,   RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_NETCONF,
                                RTNLGRP_IPV6_NETCONF, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE};

/// Notifications of a link are about 1.5 KiB long, those of a route 150 bytes.
constexpr std::size_t kLargestNotification = 1 << 13;
constexpr std::size_t kNotificationsPerCall = 16;

net::Result<void> attach(int descriptor, std::vector<sock_filter> program) {
  const sock_fprog filter{.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) != 0) {
    return system_failure(errno, "filter of notifications");
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
  if (auto filtered = attach(socket->descriptor(), watch_filter(own_port, std::nullopt)); !filtered)
    return net::pass_on(filtered);
  for (const int group : kGroups) {
    if (auto joined = socket->join(group); !joined) return net::pass_on(joined);
  }
  return std::unique_ptr<Watch>(new Watch(std::move(*socket), own_port));
}

net::Result<void> Watch::set_filter(const net::NotificationFilter& filter) {
  auto attached = attach(socket_.descriptor(), watch_filter(own_port_, filter));
  // The filter of before may drop what matters now.
  if (!attached) (void)attach(socket_.descriptor(), watch_filter(own_port_, std::nullopt));
  return attached;
}

net::Result<void> Watch::read(std::vector<net::Notification>& into) {
  std::size_t messages = 0;
  while (messages < kMessagesPerRead) {
    const auto received = socket_.receive([&](const nlmsghdr& header) {
      ++messages;
      if (auto notification = decode_notification(header)) into.push_back(*notification);
    });
    // Fewer than there was room for were all: what comes later makes the descriptor readable again.
    if (received && *received < kNotificationsPerCall) return {};
    if (received) continue;
    const int error = received.error().code.value();
    if (error != ENOBUFS && error != EMSGSIZE) return net::pass_on(received);
    into.emplace_back().subject = net::Notification::Subject::overrun;
    ++messages;
  }
  return {};
}

std::string Watch::process_of(std::uint32_t port) {
  const auto name = process_name_of_port(port);
  return name.empty() ? fmt::format("netlink port {}", port) : fmt::format("{} (process {})", name, port);
}

}  // namespace netlink
