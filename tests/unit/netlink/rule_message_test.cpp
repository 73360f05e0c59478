#include "netlink/codecs.h"

#include <gtest/gtest.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "tests/support/print.h"
#include "tests/unit/netlink/message_bytes.h"

namespace {

net::Rule rule(std::string_view source, std::uint32_t table = 16925) {
  net::Rule made;
  made.priority = 100;
  made.source = *net::Prefix::parse(source);
  made.table = table;
  made.protocol = 169;
  return made;
}

class RuleRoundTrip : public testing::TestWithParam<net::Rule> {};
INSTANTIATE_TEST_SUITE_P(Rules, RuleRoundTrip,
                         testing::Values(rule("10.1.0.0/24"), rule("10.1.0.4/32", 254),
                                         rule("0.0.0.0/0", 255), rule("fd01::/64", 256),
                                         rule("::/0", 4294967295U)));

TEST_P(RuleRoundTrip, DecodesToWhatWasEncoded) {
  for (const auto verb : {net::Verb::add, net::Verb::remove}) {
    EXPECT_EQ(MessageBytes(*netlink::encode_rule(verb, GetParam())).decoded_by(netlink::decode_rule),
              GetParam());
  }
}

TEST_P(RuleRoundTrip, OfAMessageCutAnywhereNeverReadsBeyondIt) {
  const MessageBytes whole(*netlink::encode_rule(net::Verb::add, GetParam()));
  auto bytes = whole;
  for (std::size_t length = NLMSG_HDRLEN; length < bytes.bytes().size() - 3; ++length) {
    EXPECT_NE(whole.cut_to(length).decoded_by(netlink::decode_rule), GetParam()) << "cut to " << length;
  }
}

TEST(EncodeRule, ChoosesTheFlagsByTheVerb) {
  MessageBytes add(*netlink::encode_rule(net::Verb::add, rule("10.1.0.0/24")));
  EXPECT_EQ(add.header().nlmsg_type, RTM_NEWRULE);
  EXPECT_EQ(add.header().nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
  MessageBytes remove(*netlink::encode_rule(net::Verb::remove, rule("10.1.0.0/24")));
  EXPECT_EQ(remove.header().nlmsg_type, RTM_DELRULE);
  EXPECT_EQ(remove.header().nlmsg_flags, NLM_F_REQUEST);
}

TEST(EncodeRule, RefusesWhatNoMessageSays) {
  EXPECT_FALSE(netlink::encode_rule(net::Verb::replace, rule("10.1.0.0/24")));
  auto foreign = rule("10.1.0.0/24");
  foreign.unknown_selectors = true;
  EXPECT_FALSE(netlink::encode_rule(net::Verb::add, foreign));
  EXPECT_TRUE(netlink::encode_rule(net::Verb::remove, foreign));
}

fib_rule_hdr fixed() {
  fib_rule_hdr made{};
  made.family = AF_INET;
  made.table = RT_TABLE_MAIN;
  made.action = FR_ACT_TO_TBL;
  return made;
}

std::optional<net::Rule> decoded(const netlink::Message& message) {
  return MessageBytes(message).decoded_by(netlink::decode_rule);
}

TEST(DecodeRule, FindsNoForeignShapeInWhatStandsInEveryDump) {
  netlink::Message message(RTM_NEWRULE, 0, fixed());
  message.put(FRA_TABLE, std::uint32_t{254});
  message.put(FRA_SUPPRESS_PREFIXLEN, 0xffffffffU);
  message.put_byte(FRA_PROTOCOL, 2);
  message.put(FRA_PRIORITY, std::uint32_t{32766});
  ASSERT_TRUE(decoded(message));
  EXPECT_FALSE(decoded(message)->unknown_selectors);
}

TEST(DecodeRule, FindsAForeignShapeInEveryOtherAttribute) {
  for (int attribute = 1; attribute <= FRA_MAX + 5; ++attribute) {
    const bool plain = attribute == FRA_SRC || attribute == FRA_TABLE || attribute == FRA_PRIORITY ||
                       attribute == FRA_PROTOCOL || attribute == FRA_PAD;
    if (plain) continue;
    netlink::Message message(RTM_NEWRULE, 0, fixed());
    message.put(attribute, std::uint32_t{1});
    ASSERT_TRUE(decoded(message)) << attribute;
    EXPECT_TRUE(decoded(message)->unknown_selectors) << attribute;
  }
}

TEST(DecodeRule, FindsAForeignShapeInTheHeader) {
  for (const auto change :
       {+[](fib_rule_hdr& each) { each.action = FR_ACT_BLACKHOLE; },
        +[](fib_rule_hdr& each) { each.dst_len = 8; }, +[](fib_rule_hdr& each) { each.tos = 8; },
        +[](fib_rule_hdr& each) { each.flags = FIB_RULE_INVERT; }}) {
    auto header = fixed();
    change(header);
    EXPECT_TRUE(decoded(netlink::Message(RTM_NEWRULE, 0, header))->unknown_selectors);
  }
  EXPECT_FALSE(decoded(netlink::Message(RTM_NEWRULE, 0, fixed()))->unknown_selectors);
}

TEST(DecodeRule, RefusesWhatIsNoRuleOfOurFamilies) {
  EXPECT_FALSE(decoded(netlink::Message(RTM_NEWROUTE, 0, fixed())));
  for (const auto change : {+[](fib_rule_hdr& each) { each.family = RTNL_FAMILY_IPMR; },
                            +[](fib_rule_hdr& each) { each.src_len = 33; }}) {
    auto header = fixed();
    change(header);
    EXPECT_FALSE(decoded(netlink::Message(RTM_NEWRULE, 0, header)));
  }
  netlink::Message crossed(RTM_NEWRULE, 0, fixed());
  crossed.put(FRA_SRC, *net::Address::parse("fd00::"));
  EXPECT_FALSE(decoded(crossed));
}

TEST(DecodePolicyRule, TellsWhatItChoosesPacketsBy) {
  using Action = net::PolicyRule::Action;
  auto header = fixed();
  header.src_len = 24;
  header.dst_len = 16;
  header.flags = FIB_RULE_INVERT;
  header.action = FR_ACT_PROHIBIT;
  netlink::Message message(RTM_NEWRULE, 0, header);
  message.put(FRA_SRC, *net::Address::parse("10.244.1.0"));
  message.put(FRA_DST, *net::Address::parse("10.244.0.0"));
  message.put(FRA_PRIORITY, std::uint32_t{100});
  const auto rule = MessageBytes(message).decoded_by(netlink::decode_policy_rule);
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->source.text(), "10.244.1.0/24");
  EXPECT_EQ(rule->destination.text(), "10.244.0.0/16");
  EXPECT_EQ(rule->priority, 100U);
  EXPECT_TRUE(rule->inverted);
  EXPECT_FALSE(rule->narrow);
  EXPECT_EQ(rule->action, Action::drop);

  netlink::Message plain(RTM_NEWRULE, 0, fixed());
  const auto everything = MessageBytes(plain).decoded_by(netlink::decode_policy_rule);
  ASSERT_TRUE(everything);
  EXPECT_EQ(everything->destination.text(), "0.0.0.0/0");
  EXPECT_EQ(everything->action, Action::lookup);
}

TEST(DecodePolicyRule, IsNarrowByWhateverElseItChoosesBy) {
  for (const auto attribute :
       {FRA_FWMARK, FRA_FWMASK, FRA_OIFNAME, FRA_UID_RANGE, FRA_L3MDEV, FRA_SUPPRESS_PREFIXLEN}) {
    netlink::Message message(RTM_NEWRULE, 0, fixed());
    message.put(attribute, std::uint32_t{1});
    const auto rule = MessageBytes(message).decoded_by(netlink::decode_policy_rule);
    ASSERT_TRUE(rule) << attribute;
    EXPECT_TRUE(rule->narrow) << attribute;
  }
}

TEST(DecodePolicyRule, TellsProtocolPortsAndTos) {
  auto header = fixed();
  header.tos = 0x10;
  netlink::Message message(RTM_NEWRULE, 0, header);
  message.put_byte(FRA_IP_PROTO, IPPROTO_TCP);
  const fib_rule_port_range ports{.start = 80, .end = 90};
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, &ports, sizeof(bytes));
  message.put(FRA_DPORT_RANGE, bytes);
  const auto rule = MessageBytes(message).decoded_by(netlink::decode_policy_rule);
  ASSERT_TRUE(rule);
  EXPECT_FALSE(rule->narrow);
  EXPECT_TRUE(rule->by_traffic);
  EXPECT_EQ(rule->ip_protocol, IPPROTO_TCP);
  EXPECT_EQ(rule->destination_ports, (net::PortRange{80, 90}));
  EXPECT_TRUE(rule->source_ports.empty());
  EXPECT_EQ(rule->tos, 0x10);
}

TEST(DecodePolicyRule, ALinksNameEndsWithItsAttribute) {
  netlink::Message message(RTM_NEWRULE, 0, fixed());
  message.put(FRA_IIFNAME, std::uint32_t{0x30687465});  // "eth0" in memory, and no NUL behind it
  const auto rule = MessageBytes(message).decoded_by(netlink::decode_policy_rule);
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->iif, "eth0");
}

TEST(DecodePolicyRule, RefusesADestinationOfAnotherFamilyOrTooLong) {
  netlink::Message crossed(RTM_NEWRULE, 0, fixed());
  crossed.put(FRA_DST, *net::Address::parse("fd00::"));
  EXPECT_FALSE(MessageBytes(crossed).decoded_by(netlink::decode_policy_rule));
  auto header = fixed();
  header.dst_len = 33;
  EXPECT_FALSE(
      MessageBytes(netlink::Message(RTM_NEWRULE, 0, header)).decoded_by(netlink::decode_policy_rule));
}

TEST(RuleText, ReadsAsIpRuleShowsIt) {
  EXPECT_EQ(netlink::rule_text(rule("10.1.0.0/24")),
            "from 10.1.0.0/24 lookup 16925 priority 100 protocol 169");
}

}  // namespace
