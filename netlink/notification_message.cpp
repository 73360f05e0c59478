#include "netlink/codecs.h"

#include <linux/if_addr.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "netlink/attributes.h"

namespace netlink {
namespace {

constexpr auto kNetconfPolicy = u32_policy<NETCONFA_MAX>({NETCONFA_IFINDEX});

/// The fixed header; all zero where the message is too short to have it.
template <class Fixed>
Fixed fixed_in(const nlmsghdr& header) {
  Fixed fixed{};
  if (nlmsg_valid_hdr(&header, sizeof(fixed)) != 0) std::memcpy(&fixed, nlmsg_data(&header), sizeof(fixed));
  return fixed;
}

std::uint32_t netconf_device(const nlmsghdr& header) {
  const auto parsed = parse<netconfmsg>(header, kNetconfPolicy);
  const auto index = parsed ? static_cast<int>(parsed->u32(NETCONFA_IFINDEX, 0)) : 0;
  return index > 0 ? static_cast<std::uint32_t>(index) : 0;  // NETCONFA_IFINDEX_ALL and _DEFAULT are negative
}

net::Notification hint_of(const nlmsghdr& header, net::Notification::Subject subject, bool removal,
                          std::uint32_t device) {
  net::Notification notification;
  notification.subject = subject;
  notification.removal = removal;
  notification.device = device;
  notification.removed_by = header.nlmsg_pid;
  return notification;
}

net::Notification link_hint(const nlmsghdr& header) {
  const auto fixed = fixed_in<ifinfomsg>(header);
  const bool removal = header.nlmsg_type == RTM_DELLINK;
  auto notification =
      hint_of(header, net::Notification::Subject::link, removal, static_cast<std::uint32_t>(fixed.ifi_index));
  notification.up = !removal && (fixed.ifi_flags & IFF_UP) != 0;
  return notification;
}

std::optional<net::Notification> route_hint(const nlmsghdr& header) {
  if (is_cloned_route(header)) return std::nullopt;
  auto notification =
      hint_of(header, net::Notification::Subject::route, header.nlmsg_type == RTM_DELROUTE, 0);
  notification.route = decode_route(header);
  if (notification.route) notification.device = notification.route->device;
  return notification;
}

}  // namespace

std::optional<net::Notification> decode_notification(const nlmsghdr& header) {
  using Subject = net::Notification::Subject;
  const auto type = header.nlmsg_type;
  switch (type) {
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return route_hint(header);
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return link_hint(header);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return hint_of(header, Subject::address, type == RTM_DELADDR, fixed_in<ifaddrmsg>(header).ifa_index);
    case RTM_NEWRULE:
    case RTM_DELRULE:
      return hint_of(header, Subject::rule, type == RTM_DELRULE, 0);
    case RTM_NEWNETCONF:
    case RTM_DELNETCONF:
      return hint_of(header, Subject::settings, type == RTM_DELNETCONF, netconf_device(header));
    default:
      return std::nullopt;
  }
}

}  // namespace netlink
