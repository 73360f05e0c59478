#include "netlink/watch.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "netlink/attributes.h"
#include "netlink/route_message.h"

namespace netlink {
namespace {

constexpr std::size_t kMessagesPerRead = 4096;

const std::vector<int> kGroups = {RTNLGRP_LINK,         RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                  RTNLGRP_IPV4_ROUTE,   RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_NETCONF,
                                  RTNLGRP_IPV6_NETCONF, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE};

/// Drops messages whose nlmsg_pid is ours. The filter loads words in network order, the header is in host
/// order.
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

/// A fixed-size header of the message; zero where the message is too short to have it.
template <class Header>
Header fixed_header(const nlmsghdr& message) {
  Header header{};
  if (nlmsg_valid_hdr(&message, sizeof(header)) != 0)
    std::memcpy(&header, nlmsg_data(&message), sizeof(header));
  return header;
}

}  // namespace

std::optional<net::Hint> decode_hint(const nlmsghdr& header) {
  net::Hint hint;
  hint.doer = header.nlmsg_pid;
  switch (header.nlmsg_type) {
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      hint.subject = net::Hint::Subject::route;
      hint.removal = header.nlmsg_type == RTM_DELROUTE;
      hint.route = decode_route(header);
      if (!hint.route) return std::nullopt;  // a cache entry, or multicast routing
      hint.device = hint.route->device;
      return hint;
    case RTM_NEWLINK:
    case RTM_DELLINK:
      hint.subject = net::Hint::Subject::link;
      hint.removal = header.nlmsg_type == RTM_DELLINK;
      hint.device = static_cast<std::uint32_t>(fixed_header<ifinfomsg>(header).ifi_index);
      return hint;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      hint.subject = net::Hint::Subject::address;
      hint.removal = header.nlmsg_type == RTM_DELADDR;
      hint.device = fixed_header<ifaddrmsg>(header).ifa_index;
      return hint;
    case RTM_NEWRULE:
    case RTM_DELRULE:
      hint.subject = net::Hint::Subject::rule;
      hint.removal = header.nlmsg_type == RTM_DELRULE;
      return hint;
    case RTM_NEWNETCONF:
    case RTM_DELNETCONF:
      hint.subject = net::Hint::Subject::settings;
      return hint;
    default:
      return std::nullopt;
  }
}

net::Result<std::unique_ptr<Watch>> Watch::open(std::uint32_t own_port, int receive_buffer) {
  auto socket = Socket::open({.receive_buffer = receive_buffer, .send_buffer = 1 << 15, .groups = {}});
  if (!socket) return net::pass_on(socket);
  if (auto filtered = ignore_own(socket->descriptor(), own_port); !filtered) return net::pass_on(filtered);
  for (const int group : kGroups) {
    if (setsockopt(socket->descriptor(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
      return system_failure(errno, "join a notification group");
    }
  }
  return std::unique_ptr<Watch>(new Watch(std::move(*socket)));
}

net::Result<void> Watch::read(std::vector<net::Hint>& into) {
  for (std::size_t messages = 0; messages < kMessagesPerRead;) {
    const auto datagram = socket_.receive(false);
    if (!datagram) {
      const int error = datagram.error().code.value();
      if (error == EAGAIN) return {};
      if (error != ENOBUFS) return net::pass_on(datagram);
      into.push_back(
          {.subject = net::Hint::Subject::overrun, .removal = false, .device = 0, .route = {}, .doer = 0});
      ++messages;
      continue;
    }
    for_each_message(*datagram, [&](const nlmsghdr& header) {
      ++messages;
      if (auto hint = decode_hint(header)) into.push_back(std::move(*hint));
    });
  }
  return {};
}

}  // namespace netlink
