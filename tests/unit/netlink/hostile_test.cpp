// Bytes that no kernel sends. Sanitizers see what the expectations do not: reads beyond the datagram.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "netlink/codecs.h"
#include "netlink/message.h"
#include "tests/support/print.h"
#include "tests/unit/netlink/captured.h"

namespace {

using testing::IsEmpty;

std::vector<std::string> names_of_captured() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(CAA_CORPUS)) {
    names.push_back(file.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Everything that reads a message; returns how many made something of it.
int read_with_all(const Datagram& datagram) {
  int made = 0;
  for (const auto* message : datagram.messages()) {
    made += netlink::decode_route(*message).has_value() ? 1 : 0;
    made += netlink::decode_rule(*message).has_value() ? 1 : 0;
    made += netlink::decode_policy_rule(*message).has_value() ? 1 : 0;
    made += netlink::decode_link(*message).has_value() ? 1 : 0;
    made += netlink::decode_address(*message).has_value() ? 1 : 0;
    made += netlink::decode_neighbour(*message).has_value() ? 1 : 0;
    made += netlink::decode_neighbour_entry(*message, 1, net::Address()).has_value() ? 1 : 0;
    made += netlink::decode_source(*message).has_value() ? 1 : 0;
    made += netlink::decode_forwarding(*message).has_value() ? 1 : 0;
    made += netlink::header_of_route(*message).has_value() ? 1 : 0;
    made += netlink::decode_notification(*message).has_value() ? 1 : 0;
    made += netlink::outcome_in(*message).error != 0 ? 1 : 0;
    made += netlink::is_cloned_route(*message) ? 1 : 0;
  }
  return made;
}

TEST(Hostile, AMessageCutAnywhereIsReadWithoutHarm) {
  int read = 0;
  for (const auto& name : names_of_captured()) {
    const auto whole = captured(name);
    const auto messages = whole.messages();
    for (std::size_t size = 0; size < whole.bytes().size(); ++size) {
      Datagram cut(whole.bytes().first(size));
      const auto ends_within = [&](const nlmsghdr* message) {
        const auto begin = reinterpret_cast<const std::byte*>(message) - whole.bytes().data();
        return static_cast<std::size_t>(begin) + message->nlmsg_len <= size;
      };
      EXPECT_EQ(static_cast<std::ptrdiff_t>(cut.messages().size()),
                std::count_if(messages.begin(), messages.end(), ends_within))
          << name << " cut after " << size << " bytes: whole messages alone are handed out";
      read += read_with_all(cut);
      if (size < sizeof(nlmsghdr)) continue;
      // And one that claims to end there.
      const auto length = static_cast<__u32>(size);
      std::memcpy(cut.bytes().data(), &length, sizeof(length));
      read += read_with_all(cut);
    }
  }
  EXPECT_GT(read, 1000) << "the corpus is there";
}

TEST(Hostile, AnyByteMayBeAnything) {
  int read = 0;
  for (const auto& name : names_of_captured()) {
    auto datagram = captured(name);
    for (auto& byte : datagram.bytes()) {
      const auto former = byte;
      for (const unsigned value : {0x00U, 0x01U, 0x7fU, 0x80U, 0xffU}) {
        byte = static_cast<std::byte>(value);
        read += read_with_all(datagram);
      }
      byte = former;
    }
  }
  EXPECT_GT(read, 1000) << "the corpus is there";
}

TEST(Hostile, RoutesThatContradictThemselvesAreNone) {
  for (const auto* name : {"destination_of_the_other_family", "metric_of_two_bytes", "prefix_too_long",
                           "unknown_family", "truncated_fixed_header"}) {
    const auto message = captured(name);
    EXPECT_EQ(netlink::decode_route(message.message()), std::nullopt) << name;
    EXPECT_NE(netlink::decode_notification(message.message()), std::nullopt)
        << name << ": something has changed";
  }
  EXPECT_EQ(netlink::decode_route(captured("gateway_of_three_bytes").message())->gateway, std::nullopt);
  EXPECT_EQ(netlink::decode_route(captured("unknown_type").message())->type, net::RouteType::other);
}

TEST(Hostile, AMessageOfAnotherTypeIsNotMisread) {
  const auto route = captured("route_ipv4_gateway");
  EXPECT_EQ(netlink::decode_rule(route.message()), std::nullopt);
  EXPECT_EQ(netlink::decode_link(route.message()), std::nullopt);
  EXPECT_EQ(netlink::decode_address(route.message()), std::nullopt);
  EXPECT_EQ(netlink::decode_route(captured("rule_plain").message()), std::nullopt);
  EXPECT_EQ(netlink::decode_link(captured("link_removed").message()), std::nullopt);
}

TEST(Hostile, ADatagramOfNothingWholeHoldsNoMessage) {
  for (const auto* name : {"truncated_header", "truncated_by_the_datagram", "length_below_header",
                           "length_zero", "length_largest"}) {
    EXPECT_THAT(captured(name).messages(), IsEmpty()) << name;
  }
  EXPECT_EQ(captured("several_in_one_datagram").messages().size(), 5U);
}

}  // namespace
