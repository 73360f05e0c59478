#include "netlink/codecs.h"

#include <gtest/gtest.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "tests/support/print.h"
#include "tests/unit/netlink/message_bytes.h"

namespace {

using Subject = net::Notification::Subject;

std::optional<net::Notification> hint_in(const MessageBytes& bytes) {
  return bytes.decoded_by(netlink::decode_notification);
}

template <class Fixed>
std::optional<net::Notification> hint_of(int type, const Fixed& fixed) {
  return hint_in(MessageBytes(netlink::Message(type, 0, fixed)));
}

net::Route route() {
  net::Route made;
  made.key = {.table = 254, .destination = *net::Prefix::parse("10.1.0.0/16"), .metric = 5, .tos = 0};
  made.protocol = 4;
  made.device = 3;
  return made;
}

TEST(DecodeHint, TellsOfARouteWhoseAndByWhom) {
  for (const auto& [verb, removal] : {std::pair(net::Verb::add, false), std::pair(net::Verb::remove, true)}) {
    MessageBytes bytes(*netlink::encode_route(verb, route()));
    bytes.header().nlmsg_pid = 4242;
    const auto notification = hint_in(bytes);
    ASSERT_TRUE(notification);
    EXPECT_EQ(notification->subject, Subject::route);
    EXPECT_EQ(notification->removal, removal);
    EXPECT_EQ(notification->device, 3U);
    EXPECT_EQ(notification->route, route());
    EXPECT_EQ(notification->removed_by, 4242U);
  }
}

TEST(DecodeHint, TellsOfARouteThatItCannotRead) {
  rtmsg from{};
  from.rtm_family = AF_INET6;
  from.rtm_src_len = 64;
  const auto notification = hint_of(RTM_NEWROUTE, from);
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->subject, Subject::route);
  EXPECT_FALSE(notification->route);
}

TEST(DecodeHint, IsSilentAboutCacheEntries) {
  rtmsg cached{};
  cached.rtm_family = AF_INET;
  cached.rtm_flags = RTM_F_CLONED;
  EXPECT_FALSE(hint_of(RTM_NEWROUTE, cached));
}

TEST(DecodeHint, TellsOfLinksAndAddressesWithTheirDevice) {
  ifinfomsg link{};
  link.ifi_index = 7;
  ifaddrmsg address{};
  address.ifa_index = 8;
  for (const bool removal : {false, true}) {
    const auto link_hint = hint_of(removal ? RTM_DELLINK : RTM_NEWLINK, link);
    EXPECT_EQ(link_hint->subject, Subject::link);
    EXPECT_EQ(link_hint->device, 7U);
    EXPECT_EQ(link_hint->removal, removal);
    const auto address_hint = hint_of(removal ? RTM_DELADDR : RTM_NEWADDR, address);
    EXPECT_EQ(address_hint->subject, Subject::address);
    EXPECT_EQ(address_hint->device, 8U);
    EXPECT_EQ(address_hint->removal, removal);
  }
}

TEST(DecodeHint, TellsOfRules) {
  EXPECT_EQ(hint_of(RTM_NEWRULE, fib_rule_hdr{})->subject, Subject::rule);
  EXPECT_TRUE(hint_of(RTM_DELRULE, fib_rule_hdr{})->removal);
}

TEST(DecodeHint, TellsOfSettingsOfADeviceOrOfAll) {
  for (const auto& [index, device] :
       {std::pair(7, 7U), std::pair(NETCONFA_IFINDEX_ALL, 0U), std::pair(NETCONFA_IFINDEX_DEFAULT, 0U)}) {
    netlink::Message message(RTM_NEWNETCONF, 0, netconfmsg{.ncm_family = AF_INET});
    message.put(NETCONFA_IFINDEX, static_cast<std::uint32_t>(index));
    const auto notification = hint_in(MessageBytes(message));
    ASSERT_TRUE(notification);
    EXPECT_EQ(notification->subject, Subject::settings);
    EXPECT_EQ(notification->device, device);
  }
}

TEST(DecodeHint, TellsEvenOfMessagesWithoutTheirHeader) {
  for (const int type : {RTM_NEWROUTE, RTM_DELLINK, RTM_NEWADDR, RTM_NEWRULE, RTM_NEWNETCONF}) {
    MessageBytes bytes(netlink::Message(type, 0, std::uint32_t{0}));
    const auto notification = hint_in(bytes.cut_to(NLMSG_HDRLEN));
    ASSERT_TRUE(notification) << type;
    EXPECT_EQ(notification->device, 0U);
  }
}

TEST(DecodeHint, IsSilentAboutOtherMessages) {
  for (const int type : {NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE, static_cast<int>(RTM_NEWNEIGH),
                         static_cast<int>(RTM_NEWQDISC), static_cast<int>(RTM_GETROUTE)}) {
    EXPECT_FALSE(hint_of(type, rtmsg{})) << type;
  }
}

}  // namespace
