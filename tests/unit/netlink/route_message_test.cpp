#include "netlink/codecs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <string>

#include "tests/support/print.h"
#include "tests/unit/netlink/message_bytes.h"

namespace {

net::Address address(std::string_view text) { return *net::Address::parse(text); }

net::Route route(std::string_view destination) {
  net::Route made;
  made.key = {.table = 254, .destination = *net::Prefix::parse(destination), .metric = 1024, .tos = 0};
  made.protocol = 169;
  made.device = 3;
  return made;
}

net::Route by(net::Route made, std::string_view gateway) {
  made.gateway = address(gateway);
  return made;
}

net::Route sink(std::string_view destination, net::RouteType type) {
  auto made = route(destination);
  made.type = type;
  made.device = 0;
  return made;
}

MessageBytes encoded(net::Verb verb, const net::Route& route) {
  auto message = netlink::encode_route(verb, route);
  if (!message) throw std::runtime_error(message.error().what);
  return MessageBytes(*message);
}

rtmsg fixed_of(MessageBytes& bytes) {
  rtmsg fixed{};
  std::memcpy(&fixed, bytes.bytes().data() + NLMSG_HDRLEN, sizeof(fixed));
  return fixed;
}

class RoundTrip : public testing::TestWithParam<net::Route> {};
INSTANTIATE_TEST_SUITE_P(
    Routes, RoundTrip,
    testing::Values(
        by(route("10.1.0.0/16"), "10.0.0.1"), route("10.1.0.0/16"), by(route("0.0.0.0/0"), "10.0.0.1"),
        by(route("fd01::/64"), "fe80::1234:5678:9abc"), by(route("::/0"), "fd00::1"), route("fd01::1/128"),
        sink("10.1.0.0/24", net::RouteType::blackhole), sink("10.1.0.0/24", net::RouteType::unreachable),
        sink("fd01::/80", net::RouteType::prohibit), sink("fd01::/80", net::RouteType::throw_on),
        [] {
          auto full = by(route("10.1.0.0/16"), "10.0.0.1");
          full.key.table = 4294967295U;
          full.key.metric = 4294967295U;
          full.key.tos = 0x1c;
          full.source = address("10.0.0.4");
          return full;
        }(),
        [] {
          auto full = by(route("fd01::/64"), "fd00::1");
          full.key.table = 256;
          full.source = address("fd00::4");
          return full;
        }()));

TEST_P(RoundTrip, DecodesToWhatWasEncodedWhateverTheVerb) {
  for (const auto verb : {net::Verb::add, net::Verb::replace, net::Verb::remove}) {
    EXPECT_EQ(encoded(verb, GetParam()).decoded_by(netlink::decode_route), GetParam());
  }
}

TEST_P(RoundTrip, OfAMessageCutAnywhereNeverReadsBeyondIt) {
  const auto whole = encoded(net::Verb::add, GetParam());
  auto bytes = whole;
  for (std::size_t length = 0; length < bytes.bytes().size(); ++length) {
    auto torn = bytes.bytes();
    torn.resize(length);
    EXPECT_EQ(MessageBytes(torn).decoded_by(netlink::decode_route), std::nullopt) << "a torn datagram";
    if (length < NLMSG_HDRLEN) continue;
    const auto decoded = whole.cut_to(length).decoded_by(netlink::decode_route);
    EXPECT_NE(decoded, GetParam()) << "cut to " << length;
  }
}

TEST(EncodeRoute, ChoosesTheFlagsByTheVerb) {
  const auto subject = by(route("10.1.0.0/16"), "10.0.0.1");
  auto add = encoded(net::Verb::add, subject);
  EXPECT_EQ(add.header().nlmsg_type, RTM_NEWROUTE);
  EXPECT_EQ(add.header().nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
  auto replace = encoded(net::Verb::replace, subject);
  EXPECT_EQ(replace.header().nlmsg_type, RTM_NEWROUTE);
  EXPECT_EQ(replace.header().nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE);
  auto remove = encoded(net::Verb::remove, subject);
  EXPECT_EQ(remove.header().nlmsg_type, RTM_DELROUTE);
  EXPECT_EQ(remove.header().nlmsg_flags, NLM_F_REQUEST);
}

TEST(EncodeRoute, ChoosesTheScopeAsIpRouteDoes) {
  struct Case {
    net::Verb verb;
    net::Route route;
    int scope;
  };
  for (const auto& each :
       {Case{net::Verb::add, by(route("10.1.0.0/16"), "10.0.0.1"), RT_SCOPE_UNIVERSE},
        Case{net::Verb::add, route("10.1.0.0/16"), RT_SCOPE_LINK},
        Case{net::Verb::replace, route("10.1.0.0/16"), RT_SCOPE_LINK},
        Case{net::Verb::add, sink("10.1.0.0/16", net::RouteType::blackhole), RT_SCOPE_UNIVERSE},
        Case{net::Verb::add, sink("10.1.0.1/32", net::RouteType::local), RT_SCOPE_HOST},
        Case{net::Verb::remove, route("10.1.0.0/16"), RT_SCOPE_NOWHERE}}) {
    auto bytes = encoded(each.verb, each.route);
    EXPECT_EQ(fixed_of(bytes).rtm_scope, each.scope) << net::route_text(each.route);
  }
}

TEST(EncodeRoute, PutsALargeTableNumberIntoItsAttributeOnly) {
  auto subject = route("10.1.0.0/16");
  for (const auto& [table, short_form] :
       {std::pair(254U, 254), std::pair(255U, 255), std::pair(256U, 252), std::pair(16925U, 252)}) {
    subject.key.table = table;
    auto bytes = encoded(net::Verb::add, subject);
    EXPECT_EQ(fixed_of(bytes).rtm_table, short_form);
    EXPECT_EQ(bytes.decoded_by(netlink::decode_route)->key.table, table);
  }
}

TEST(EncodeRoute, NamesIpv6MetricZeroAsTheKernelStoresIt) {
  for (const auto& [destination, metric] : {std::pair("10.1.0.0/16", 0U), std::pair("fd01::/64", 1024U)}) {
    auto subject = route(destination);
    subject.key.metric = 0;
    for (const auto verb : {net::Verb::add, net::Verb::remove}) {
      EXPECT_EQ(encoded(verb, subject).decoded_by(netlink::decode_route)->key.metric, metric) << destination;
    }
  }
}

TEST(EncodeRoute, NamesNoNextHopToRemoveAMultipathRoute) {
  auto subject = by(route("10.1.0.0/16"), "10.0.0.1");
  subject.multipath = true;
  const auto named = encoded(net::Verb::remove, subject).decoded_by(netlink::decode_route);
  ASSERT_TRUE(named);
  EXPECT_FALSE(named->gateway);
  EXPECT_EQ(named->device, 0U);
  EXPECT_EQ(named->key, subject.key);
  EXPECT_EQ(named->protocol, subject.protocol);
}

TEST(EncodeRoute, RefusesWhatNoMessageSays) {
  auto multipath = route("10.1.0.0/16");
  multipath.multipath = true;
  auto source = route("fd01::/64");
  source.source = address("10.0.0.4");
  for (const auto& each : {by(route("10.1.0.0/16"), "fd00::1"), by(route("fd01::/64"), "10.0.0.1"), source,
                           sink("10.1.0.0/16", net::RouteType::other), multipath}) {
    const auto message = netlink::encode_route(net::Verb::add, each);
    ASSERT_FALSE(message) << net::route_text(each);
    EXPECT_EQ(message.error().code, std::errc::invalid_argument);
    EXPECT_FALSE(message.error().what.empty());
  }
}

/// A message as a kernel would send it.
class Crafted {
 public:
  explicit Crafted(const rtmsg& fixed, int type = RTM_NEWROUTE) : message_(type, 0, fixed) {}
  Crafted& put(int attribute, std::uint32_t value) {
    message_.put(attribute, value);
    return *this;
  }
  Crafted& put(int attribute, std::string_view text) {
    message_.put(attribute, address(text));
    return *this;
  }
  [[nodiscard]] std::optional<net::Route> decoded() const {
    return MessageBytes(message_).decoded_by(netlink::decode_route);
  }
  [[nodiscard]] const netlink::Message& message() const { return message_; }

 private:
  netlink::Message message_;
};

rtmsg fixed(unsigned char family, unsigned char length, unsigned char type = RTN_UNICAST) {
  rtmsg made{};
  made.rtm_family = family;
  made.rtm_dst_len = length;
  made.rtm_table = RT_TABLE_MAIN;
  made.rtm_protocol = 169;
  made.rtm_type = type;
  return made;
}

TEST(DecodeRoute, TakesTheTableOfTheHeaderWhereNoAttributeSaysMore) {
  EXPECT_EQ(Crafted(fixed(AF_INET, 0)).decoded()->key.table, 254U);
  EXPECT_EQ(Crafted(fixed(AF_INET, 0)).put(RTA_TABLE, 16925U).decoded()->key.table, 16925U);
}

TEST(DecodeRoute, TakesAnAbsentDestinationForAnyAddress) {
  EXPECT_EQ(Crafted(fixed(AF_INET, 0)).decoded()->key.destination.text(), "0.0.0.0/0");
  EXPECT_EQ(Crafted(fixed(AF_INET6, 0)).decoded()->key.destination.text(), "::/0");
}

TEST(DecodeRoute, DropsTheDeviceOfARouteThatLeadsNowhere) {
  const auto sink =
      Crafted(fixed(AF_INET6, 64, RTN_BLACKHOLE)).put(RTA_DST, "fd01::").put(RTA_OIF, 1U).decoded();
  ASSERT_TRUE(sink);
  EXPECT_EQ(sink->type, net::RouteType::blackhole);
  EXPECT_EQ(sink->device, 0U);
}

TEST(DecodeRoute, KnowsSeveralNextHopsAndNextHopObjects) {
  EXPECT_FALSE(Crafted(fixed(AF_INET, 0)).put(RTA_OIF, 3U).decoded()->multipath);
  EXPECT_TRUE(Crafted(fixed(AF_INET, 0)).put(RTA_MULTIPATH, 0U).decoded()->multipath);
  EXPECT_TRUE(Crafted(fixed(AF_INET, 0)).put(RTA_NH_ID, 7U).decoded()->multipath);
}

TEST(DecodeRoute, CallsAnUnknownTypeOther) {
  for (const int type : {0, static_cast<int>(RTN_NAT), static_cast<int>(RTN_XRESOLVE), 200, 255}) {
    EXPECT_EQ(Crafted(fixed(AF_INET, 0, static_cast<unsigned char>(type))).decoded()->type,
              net::RouteType::other)
        << type;
  }
}

TEST(DecodeRoute, RefusesWhatIsNoRouteOfOurFamilies) {
  EXPECT_FALSE(Crafted(fixed(AF_INET, 0), RTM_NEWLINK).decoded());
  EXPECT_FALSE(Crafted(fixed(RTNL_FAMILY_IPMR, 0)).decoded());
  EXPECT_FALSE(Crafted(fixed(AF_UNSPEC, 0)).decoded());
  EXPECT_FALSE(Crafted(fixed(AF_INET, 33)).decoded()) << "a length that the family does not have";
  EXPECT_FALSE(Crafted(fixed(AF_INET6, 129)).decoded());
  EXPECT_FALSE(Crafted(fixed(AF_INET, 16)).put(RTA_DST, "fd01::").decoded());
  EXPECT_FALSE(Crafted(fixed(AF_INET6, 64)).put(RTA_DST, "10.1.0.0").decoded());
  auto from = fixed(AF_INET6, 64);
  from.rtm_src_len = 64;
  EXPECT_FALSE(Crafted(from).put(RTA_DST, "fd01::").decoded()) << "net::Route has no source prefix";
}

TEST(DecodeRoute, DoesNotShowAGatewayOrSourceOfTheOtherFamily) {
  const auto crossed =
      Crafted(fixed(AF_INET, 0)).put(RTA_GATEWAY, "fd00::1").put(RTA_PREFSRC, "fd00::4").decoded();
  ASSERT_TRUE(crossed);
  EXPECT_FALSE(crossed->gateway);
  EXPECT_FALSE(crossed->source);
}

TEST(DecodeRoute, RefusesNumbersThatAreTooShort) {
  for (const int attribute : {RTA_TABLE, RTA_PRIORITY, RTA_OIF, RTA_NH_ID}) {
    netlink::Message message(RTM_NEWROUTE, 0, fixed(AF_INET, 0));
    message.put_byte(attribute, 1);
    EXPECT_EQ(MessageBytes(message).decoded_by(netlink::decode_route), std::nullopt) << attribute;
  }
}

TEST(ClonedRoute, IsACacheEntry) {
  auto cached = fixed(AF_INET, 32);
  cached.rtm_flags = RTM_F_CLONED;
  EXPECT_TRUE(netlink::is_cloned_route(Crafted(cached).put(RTA_DST, "10.1.0.4").message().header()));
  EXPECT_FALSE(netlink::is_cloned_route(Crafted(fixed(AF_INET, 0)).message().header()));
}

TEST(RouteRequest, LeavesEveryFieldThatIsNoFilterZeroForStrictChecking) {
  MessageBytes bytes(netlink::encode_route_dump(net::Family::ipv6, 169, 0));
  auto expected = rtmsg{};
  expected.rtm_family = AF_INET6;
  expected.rtm_protocol = 169;
  const auto header = fixed_of(bytes);
  EXPECT_EQ(std::memcmp(&header, &expected, sizeof(expected)), 0);
  EXPECT_EQ(bytes.header().nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
  EXPECT_EQ(bytes.header().nlmsg_len, NLMSG_LENGTH(sizeof(rtmsg))) << "no table, no attribute";
}

TEST(RouteRequest, ForALookupNamesTheWholeAddress) {
  for (const auto& [text, length, flags] : {std::tuple("10.1.0.4", 32, RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE),
                                            std::tuple("fd00::4", 128, RTM_F_FIB_MATCH)}) {
    MessageBytes bytes(netlink::encode_route_lookup(net::Flow(address(text))));
    EXPECT_EQ(fixed_of(bytes).rtm_dst_len, length);
    EXPECT_EQ(fixed_of(bytes).rtm_flags, static_cast<unsigned>(flags));
    EXPECT_EQ(bytes.header().nlmsg_flags, NLM_F_REQUEST);
  }
}

TEST(RouteRequest, ForALookupOfAPodsPacketNamesItsSourceAndLink) {
  net::Flow flow(address("10.244.2.7"));
  const auto plain = MessageBytes(netlink::encode_route_lookup(flow)).header().nlmsg_len;
  flow.from = address("10.244.1.5");
  flow.incoming = 7;
  flow.ip_protocol = 6;
  flow.destination_port = 80;
  flow.tos = 0x10;
  MessageBytes bytes(netlink::encode_route_lookup(flow));
  EXPECT_EQ(fixed_of(bytes).rtm_src_len, 32);
  EXPECT_EQ(fixed_of(bytes).rtm_tos, 0x10);
  EXPECT_EQ(bytes.header().nlmsg_len, plain + 4 * 8) << "source, link, protocol, port";
}

}  // namespace
