// What is made of the JSON that nft(8) prints.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "host/packet_filters.h"
#include "tests/support/print.h"

namespace {

using observed::FilterRule;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

net::Prefix cidr(std::string_view text) { return net::Prefix::parse(text).value(); }

// As nft 1.0.6 prints it.
constexpr auto kRuleset = R"({"nftables": [
{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
{"table": {"family": "inet", "name": "filter", "handle": 1}},
{"set": {"family": "inet", "name": "pods", "table": "filter", "type": "ipv4_addr", "handle": 4, "flags": ["interval"], "elem": [{"prefix": {"addr": "10.244.0.0", "len": 16}}]}},
{"chain": {"family": "inet", "table": "filter", "name": "forward", "handle": 1, "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}},
{"chain": {"family": "inet", "table": "filter", "name": "local", "handle": 2}},
{"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 3, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 5, "expr": [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 6, "expr": [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new", "untracked"]}}, {"log": {"prefix": "x"}}, {"counter": {"packets": 0, "bytes": 0}}, {"jump": {"target": "local"}}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 7, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@pods"}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 8, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "cali*"}}, {"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "eth0"}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 9, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.244.0.0", "len": 16}}}}, {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "10.0.0.4"}}, {"goto": {"target": "local"}}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 10, "expr": [{"match": {"op": "==", "left": {"&": [{"meta": {"key": "mark"}}, 65536]}, "right": 65536}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 11, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 12, "expr": [{"match": {"op": "!=", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}, {"drop": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 13, "expr": [{"limit": {"rate": 5, "burst": 5, "per": "second"}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 15, "expr": [{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": {"set": [["a", {"accept": null}]]}}}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 16, "expr": [{"reject": {"type": "icmpx", "expr": "admin-prohibited"}}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "local", "handle": 17, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iif"}}, "right": "lo"}}, {"return": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "local", "handle": 18, "expr": [{"drop": null}]}},
{"table": {"family": "ip", "name": "kube-proxy", "handle": 2}},
{"chain": {"family": "ip", "table": "kube-proxy", "name": "filter-forward", "handle": 1, "type": "filter", "hook": "forward", "prio": -110, "policy": "accept"}},
{"table": {"family": "ip6", "name": "x", "handle": 3}},
{"chain": {"family": "ip6", "table": "x", "name": "f", "handle": 1, "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}},
{"table": {"family": "ip", "name": "nat", "handle": 5}},
{"chain": {"family": "ip", "table": "own_nat", "name": "pre", "handle": 1, "type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}},
{"table": {"family": "ip", "name": "filter", "handle": 4}},
{"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}}]})";

TEST(NftRuleset, HasTheChainsThatForwardedPacketsMeetAndThatAreNobodysWeKnow) {
  EXPECT_THAT(host::tables_met_by_forwarded(kRuleset).value(),
              ElementsAre(testing::Pair("inet", "filter"), testing::Pair("ip6", "x")));
  const auto hooks = host::parse_nft_ruleset(kRuleset);
  ASSERT_TRUE(hooks) << hooks.error().what;
  ASSERT_EQ(hooks->size(), 2U);
  EXPECT_EQ(hooks->back().table, "ip6 x");
  EXPECT_EQ(hooks->back().family, net::Family::ipv6);
  const auto& hook = hooks->front();
  EXPECT_EQ(hook.table, "inet filter");
  EXPECT_EQ(hook.family, std::nullopt);
  EXPECT_EQ(hook.chain, "forward");
  EXPECT_EQ(hook.policy, "DROP");
  ASSERT_THAT(hook.chains, ElementsAre(Field(&observed::FilterChain::name, "forward"),
                                       Field(&observed::FilterChain::name, "local")));
  EXPECT_THAT(
      hook.chains.front().rules,
      ElementsAre(
          FilterRule{.is_narrow = true, .target = "ACCEPT"}, FilterRule{.target = "local"},
          FilterRule{.family = net::Family::ipv4, .is_narrow = true, .is_opaque = true, .target = "ACCEPT"},
          FilterRule{.in = "cali+", .out = "eth0", .target = "ACCEPT"},
          FilterRule{.family = net::Family::ipv4,
                     .source = cidr("10.244.0.0/16"),
                     .destination = cidr("10.0.0.4/32"),
                     .target = "local",
                     .is_goto = true},
          FilterRule{.by_mark = true, .target = "ACCEPT"}, FilterRule{.is_narrow = true, .target = "ACCEPT"},
          FilterRule{.family = net::Family::ipv4,
                     .source = cidr("10.0.0.0/8"),
                     .not_source = true,
                     .target = "DROP"},
          FilterRule{.is_narrow = true, .is_opaque = true, .target = "ACCEPT"},
          FilterRule{.in = "a", .target = "ACCEPT"}, FilterRule{.target = "REJECT"}));
  EXPECT_THAT(hook.chains.back().rules,
              ElementsAre(FilterRule{.in = "lo", .target = "RETURN"}, FilterRule{.target = "DROP"}));
}

TEST(NftRuleset, HasChainsThatPacketsMeetBeforeAndAfterTheyAreForwarded) {
  const auto at_hook = [](std::string_view hook, std::string_view name = "early") {
    return fmt::format(
        R"({{"nftables": [{{"chain": {{"family": "ip", "table": "t", "name": "{}", "type": "filter", "hook": "{}"}}}}]}})",
        name, hook);
  };
  for (const auto* hook : {"prerouting", "postrouting"}) {
    EXPECT_EQ(host::tables_met_by_forwarded(at_hook(hook)).value().size(), 1U) << hook;
    EXPECT_EQ(host::parse_nft_ruleset(at_hook(hook)).value().size(), 1U) << hook;
  }
  for (const auto* hook : {"input", "output", "ingress"})
    EXPECT_THAT(host::parse_nft_ruleset(at_hook(hook)).value(), IsEmpty()) << hook;
  EXPECT_THAT(host::parse_nft_ruleset(at_hook("prerouting", "PREROUTING")).value(), IsEmpty())
      << "iptables' own";
}

TEST(NftRuleset, ADormantTableIsNotInForce) {
  const auto with_flags = [](std::string_view flags) {
    return fmt::format(R"({{"nftables": [{{"table": {{"family": "ip", "name": "t", "flags": {}}}}},
                           {{"chain": {{"family": "ip", "table": "t", "name": "f", "type": "filter", "hook": "forward"}}}}]}})",
                       flags);
  };
  for (const auto* flags : {R"("dormant")", R"(["owner", "dormant"])"})
    EXPECT_THAT(host::parse_nft_ruleset(with_flags(flags)).value(), IsEmpty()) << flags;
  EXPECT_EQ(host::parse_nft_ruleset(with_flags(R"("owner")")).value().size(), 1U);
}

TEST(NftRuleset, NamesTheProtocolsOfConnections) {
  constexpr auto kTable = R"({"nftables": [
    {"chain": {"family": "ip", "table": "t", "name": "f", "type": "filter", "hook": "forward"}},
    {"rule": {"family": "ip", "table": "t", "chain": "f", "expr": [{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "tcp"}}, {"drop": null}]}},
    {"rule": {"family": "ip", "table": "t", "chain": "f", "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "protocol"}}, "right": "udp"}}, {"drop": null}]}}]})";
  EXPECT_THAT(host::parse_nft_ruleset(kTable)->front().chains.front().rules,
              ElementsAre(FilterRule{.protocol = "tcp", .target = "DROP"},
                          FilterRule{.family = net::Family::ipv4, .protocol = "udp", .target = "DROP"}));
}

/// The rules that are made of one with these statements.
std::vector<FilterRule> made_of(std::string_view statements) {
  const auto table = fmt::format(
      R"({{"nftables": [{{"chain": {{"family": "inet", "table": "t", "name": "f", "type": "filter", "hook": "forward"}}}},
                        {{"rule": {{"family": "inet", "table": "t", "chain": "f", "expr": [{}]}}}}]}})",
      statements);
  return host::parse_nft_ruleset(table)->front().chains.front().rules;
}

TEST(NftRuleset, FollowsEachEntryOfAVerdictMap) {
  EXPECT_THAT(
      made_of(R"({"vmap": {"key": {"meta": {"key": "iifname"}}, "data": {"set": [
                ["eth0", {"drop": null}], ["cali*", {"jump": {"target": "pods"}}]]}}})"),
      ElementsAre(FilterRule{.in = "eth0", .target = "DROP"}, FilterRule{.in = "cali+", .target = "pods"}));
  EXPECT_THAT(made_of(R"({"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [
                ["established", {"accept": null}], ["new", {"drop": null}]]}}})"),
              ElementsAre(FilterRule{.is_narrow = true, .target = "ACCEPT"}, FilterRule{.target = "DROP"}));
  EXPECT_THAT(made_of(R"({"vmap": {"key": {"meta": {"key": "nfproto"}}, "data": {"set": [
                ["ipv4", {"accept": null}], ["ipv6", {"goto": {"target": "six"}}]]}}})"),
              ElementsAre(FilterRule{.family = net::Family::ipv4, .target = "ACCEPT"},
                          FilterRule{.family = net::Family::ipv6, .target = "six", .is_goto = true}));
  EXPECT_THAT(made_of(R"({"vmap": {"key": {"meta": {"key": "iifname"}}, "data": "@dispatch"}})"),
              ElementsAre(FilterRule{.is_narrow = true, .is_opaque = true}))
      << "a named map is not shown";
  for (const auto* hostile : {R"({"vmap": 7})", R"({"vmap": {"data": {"set": [7, [], [1, 2], ["a", {}]]}}})"})
    EXPECT_THAT(made_of(hostile), testing::Each(Field(&FilterRule::target, ""))) << hostile;
}

TEST(NftRuleset, FollowsEachValueOfASet) {
  EXPECT_THAT(
      made_of(R"({"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
                "right": {"set": [{"prefix": {"addr": "10.244.0.0", "len": 16}}, {"elem": {"val": "10.0.0.4"}}]}}},
                {"accept": null})"),
      ElementsAre(
          FilterRule{.family = net::Family::ipv4, .source = cidr("10.244.0.0/16"), .target = "ACCEPT"},
          FilterRule{.family = net::Family::ipv4, .source = cidr("10.0.0.4/32"), .target = "ACCEPT"}));
  EXPECT_THAT(
      made_of(R"({"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": {"set": ["a", "b"]}}},
                {"drop": null})"),
      ElementsAre(testing::AllOf(Field(&FilterRule::is_narrow, true), Field(&FilterRule::is_opaque, true))));
  std::string many;
  for (int i = 0; i < 70; ++i) many += fmt::format(R"({}"eth{}")", i == 0 ? "" : ", ", i);
  EXPECT_THAT(
      made_of(fmt::format(
          R"({{"match": {{"op": "==", "left": {{"meta": {{"key": "iifname"}}}}, "right": {{"set": [{}]}}}}}},
                  {{"accept": null}})",
          many)),
      ElementsAre(Field(&FilterRule::is_opaque, true)));
}

TEST(NftRuleset, TellsConditionsOfFewFromThoseThatNobodyKnows) {
  constexpr auto kAccept = R"(, {"accept": null})";
  for (
      const auto* few :
      {R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, 80]}}})",
       R"({"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "ipv6-icmp"}})",
       R"({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}})",
       R"({"match": {"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"}})"}) {
    EXPECT_THAT(made_of(std::string(few) + kAccept),
                ElementsAre(testing::AllOf(Field(&FilterRule::is_narrow, true),
                                           Field(&FilterRule::is_opaque, false))))
        << few;
  }
  for (
      const auto* unknown :
      {R"({"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@pods"}})",
       R"({"match": {"op": "==", "left": {"fib": {"result": "type"}}, "right": "unicast"}})",
       R"({"match": {"op": "!=", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}})",
       R"({"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "a"}},
           {"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "b"}})",
       R"({"limit": {"rate": 5, "per": "second"}})", R"({"xt": null})"}) {
    EXPECT_THAT(made_of(std::string(unknown) + kAccept), ElementsAre(Field(&FilterRule::is_opaque, true)))
        << unknown;
  }
}

TEST(NftRuleset, NamesTheFamilyOfARule) {
  constexpr auto kTable = R"({"nftables": [
    {"chain": {"family": "inet", "table": "t", "name": "f", "type": "filter", "hook": "forward"}},
    {"rule": {"family": "inet", "table": "t", "chain": "f", "expr": [{"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv6"}}, {"drop": null}]}},
    {"rule": {"family": "inet", "table": "t", "chain": "f", "expr": [{"match": {"op": "==", "left": {"meta": {"key": "protocol"}}, "right": "ip"}}, {"drop": null}]}},
    {"rule": {"family": "inet", "table": "t", "chain": "f", "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip6", "field": "daddr"}}, "right": {"prefix": {"addr": "fd00:10::", "len": 48}}}}, {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}, {"drop": null}]}}]})";
  EXPECT_THAT(host::parse_nft_ruleset(kTable)->front().chains.front().rules,
              ElementsAre(FilterRule{.family = net::Family::ipv6, .target = "DROP"},
                          FilterRule{.family = net::Family::ipv4, .target = "DROP"},
                          FilterRule{.family = net::Family::ipv6,
                                     .destination = cidr("fd00:10::/48"),
                                     .is_narrow = true,
                                     .target = "DROP"}));
}

TEST(NftRuleset, IsNoneWhereNftPrintsSomethingElse) {
  for (const auto* text : {"", "nonsense", "[]", "{}", R"({"nftables":7})"}) {
    EXPECT_EQ(host::parse_nft_ruleset(text).error().code.value(), EBADMSG) << text;
    EXPECT_EQ(host::tables_met_by_forwarded(text).error().code.value(), EBADMSG) << text;
  }
  EXPECT_THAT(
      host::parse_nft_ruleset(R"({"nftables":[7,{},{"rule":7},{"chain":[]},{"rule":{"expr":[7,{}]}}]})")
          .value(),
      IsEmpty());
  EXPECT_FALSE(host::tables_met_by_forwarded(
      R"({"nftables":[{"chain":{"family":"ip","table":"a; flush ruleset","name":"f","hook":"forward"}}]})"));
}

}  // namespace
