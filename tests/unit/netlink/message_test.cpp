#include "netlink/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <new>
#include <vector>

#include "tests/unit/netlink/message_bytes.h"

namespace {

std::vector<std::uint16_t> types_in(std::span<const std::byte> datagram) {
  std::vector<std::uint16_t> types;
  netlink::for_each_message(datagram, [&](const nlmsghdr& each) { types.push_back(each.nlmsg_type); });
  return types;
}

std::vector<std::byte> two_messages() {
  std::vector<std::byte> datagram;
  for (const int type : {RTM_NEWROUTE, RTM_DELROUTE}) {
    const netlink::Message message(type, 0, rtmsg{});
    datagram.insert(datagram.end(), message.bytes().begin(), message.bytes().end());
  }
  return datagram;
}

TEST(ForEachMessage, VisitsEveryWholeMessageInOrder) {
  EXPECT_THAT(types_in(two_messages()), testing::ElementsAre(RTM_NEWROUTE, RTM_DELROUTE));
  EXPECT_THAT(types_in({}), testing::IsEmpty());
}

TEST(ForEachMessage, LeavesOutATruncatedTail) {
  auto datagram = two_messages();
  const auto whole = datagram.size();
  for (std::size_t size = whole / 2; size < whole; ++size) {
    datagram.resize(size);
    EXPECT_THAT(types_in(datagram), testing::ElementsAre(RTM_NEWROUTE));
    datagram = two_messages();
  }
}

TEST(ForEachMessage, StopsAtALengthThatCannotBe) {
  for (const std::uint32_t length : {0U, 1U, 15U, 0x7fffffffU, 0xffffffffU}) {
    MessageBytes bytes(two_messages());
    bytes.header().nlmsg_len = length;
    EXPECT_THAT(types_in(bytes.bytes()), testing::IsEmpty()) << length;
  }
}

TEST(Message, ThrowsRatherThanToWriteBeyondItsRoom) {
  netlink::Message message(RTM_NEWROUTE, 0, rtmsg{});
  const auto fill = [&] {
    for (std::size_t i = 0; i < netlink::Message::kRoom; ++i) message.put(RTA_DST, std::uint32_t{0});
  };
  EXPECT_THROW(fill(), std::bad_alloc);
  EXPECT_LE(message.bytes().size(), netlink::Message::kRoom);
}

TEST(FamilyNumber, IsTheKernels) {
  EXPECT_EQ(netlink::family_number(net::Family::ipv4), AF_INET);
  EXPECT_EQ(netlink::family_number(net::Family::ipv6), AF_INET6);
}

}  // namespace
