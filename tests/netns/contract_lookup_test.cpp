// Where packets go, and the policy rules. Each case asks the fake and the real kernel.
#include <tuple>

#include "tests/netns/contract.h"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class LookupContract : public KernelContract {
 protected:
  net::Result<net::Route> lookup(std::string_view address) {
    return kernel().lookup(net::Flow(*net::Address::parse(address)));
  }
  /// Errno of the lookup; 0 = there is a way.
  int failure_of(std::string_view address) {
    const auto found = lookup(address);
    return found ? 0 : found.error().code.value();
  }
};
INSTANTIATE_CONTRACT(LookupContract);

TEST_P(LookupContract, TheLongestPrefixWinsThenTheLowestMetric) {
  const auto wide = route("10.0.0.0/8", "10.0.0.1");
  const auto narrow = route("10.1.0.0/16", "10.0.0.2");
  auto preferred = route("10.1.0.0/16", "10.0.0.3");
  preferred.key.metric = 5;
  const auto wide_v6 = route("fd00::/8", "fd00::1");
  for (const auto& each : {wide, narrow, preferred, wide_v6}) ASSERT_EQ(add(each), 0) << refusal();
  ASSERT_EQ(failure_of("fd99::1"), 0) << lookup("fd99::1").error().what;
  EXPECT_EQ(*lookup("10.2.0.1"), wide);
  EXPECT_EQ(*lookup("10.1.0.1"), preferred);
  EXPECT_EQ(*lookup("fd99::1"), wide_v6);
}

TEST_P(LookupContract, ManyAreAnsweredInTheirOrder) {
  const auto leads = route("10.1.0.0/16", "10.0.0.2");
  const auto drops = sink("10.2.0.0/16");
  for (const auto& each : {leads, drops}) ASSERT_EQ(add(each), 0) << refusal();
  std::vector<net::Flow> flows;
  for (int i = 0; i < 100; ++i) {
    for (const auto* text : {"10.1.0.1", "10.2.0.1", "fd77::1"})
      flows.emplace_back(*net::Address::parse(text));
  }
  const auto answers = kernel().lookups(flows);
  ASSERT_EQ(answers.size(), flows.size());
  for (std::size_t i = 0; i < answers.size(); i += 3) {
    ASSERT_EQ(*answers[i], leads) << i;
    ASSERT_EQ(answers[i + 1].error().code.value(), EINVAL) << i;
    ASSERT_EQ(answers[i + 2].error().code.value(), ENETUNREACH) << i;
  }
  EXPECT_THAT(kernel().lookups({}), IsEmpty());
}

TEST_P(LookupContract, OfTwoIpv4RoutesOfOneKeyTheFirstWins) {
  const auto mine = route("10.1.0.0/16", "10.0.0.1");
  const auto after = theirs(route("10.1.0.0/16", "10.0.0.2"));
  const auto before = theirs(route("10.1.0.0/16", "10.0.0.3"));
  ASSERT_EQ(add(mine), 0) << refusal();
  ASSERT_TRUE(world().by_other(test_support::Meeting::append, after));
  EXPECT_EQ(*lookup("10.1.0.1"), mine);
  ASSERT_TRUE(world().by_other(test_support::Meeting::prepend, before));
  EXPECT_EQ(*lookup("10.1.0.1"), before);
  EXPECT_THAT(all_to("10.1.0.0/16"), ElementsAre(before, mine, after));
}

TEST_P(LookupContract, AnIpv6KeyOfSeveralNextHopsIsMultipath) {
  ASSERT_EQ(add(route("fd01::/64", "fd00::1")), 0) << refusal();
  EXPECT_FALSE(lookup("fd01::7")->multipath);
  ASSERT_TRUE(world().by_other(test_support::Meeting::append, theirs(route("fd01::/64", "fd00::2"))));
  EXPECT_TRUE(lookup("fd01::7")->multipath);
}

TEST_P(LookupContract, ConnectedAndLocalDestinationsAreTheKernelsOwn) {
  const auto connected = *lookup("10.0.0.77");
  EXPECT_EQ(connected.key.destination.text(), "10.0.0.0/24");
  EXPECT_EQ(connected.key.table, 254U);
  EXPECT_EQ(connected.protocol, 2);
  EXPECT_EQ(connected.device, eth0());
  EXPECT_FALSE(connected.gateway);
  EXPECT_EQ(connected.source, *net::Address::parse("10.0.0.4"));
  for (const auto* own : {"10.0.0.4", "fd00::4"}) {
    const auto local = *lookup(own);
    EXPECT_EQ(local.type, net::RouteType::local) << own;
    EXPECT_EQ(local.key.destination, net::Prefix::host(*net::Address::parse(own)));
  }
  EXPECT_EQ(lookup("fd00::4")->key.table, 255U) << "IPv4 may say main while there are no rules";
  EXPECT_EQ(lookup("fd00::77")->key.metric, 256U);
}

TEST_P(LookupContract, TheTableThatARuleNamesIsLookedUpAndNamed) {
  for (const auto& [everything, gateway, address] :
       {std::tuple("0.0.0.0/0", "10.0.0.1", "192.0.2.1"), std::tuple("::/0", "fd00::1", "2001:db8::1")}) {
    auto in_pod_table = route(everything, gateway);
    in_pod_table.key.table = 16925;
    ASSERT_EQ(add(in_pod_table), 0) << refusal();
    EXPECT_EQ(failure_of(address), ENETUNREACH);
    net::Rule rule;
    rule.priority = 100;
    rule.source = *net::Prefix::parse(everything);
    rule.table = 16925;
    rule.protocol = kOurs;
    ASSERT_EQ(change({.verb = net::Verb::add, .object = rule}), 0) << refusal();
    EXPECT_EQ(*lookup(address), in_pod_table);
  }
}

TEST_P(LookupContract, NoWayIsNetworkUnreachable) {
  EXPECT_EQ(failure_of("192.0.2.1"), ENETUNREACH);
  EXPECT_EQ(failure_of("2001:db8::1"), ENETUNREACH);
}

TEST_P(LookupContract, ARouteThatDropsPacketsAnswersWithItsError) {
  for (const auto& [destination, address] :
       {std::pair("192.0.2.0/24", "192.0.2.1"), std::pair("2001:db8::/32", "2001:db8::1")}) {
    for (const auto& [type, error] :
         {std::pair(net::RouteType::blackhole, EINVAL), std::pair(net::RouteType::unreachable, EHOSTUNREACH),
          std::pair(net::RouteType::prohibit, EACCES), std::pair(net::RouteType::throw_on, ENETUNREACH)}) {
      ASSERT_EQ(add(sink(destination, type)), 0) << refusal();
      EXPECT_EQ(failure_of(address), error) << destination << " " << net::route_type_name(type);
      ASSERT_EQ(remove(sink(destination, type)), 0) << refusal();
    }
  }
}

class RuleContract : public KernelContract {
 protected:
  static net::Rule rule(std::string_view source, std::uint32_t table = 16925, std::uint32_t priority = 100) {
    net::Rule made;
    made.priority = priority;
    made.source = *net::Prefix::parse(source);
    made.table = table;
    made.protocol = kOurs;
    return made;
  }
  int add(const net::Rule& object) { return change({.verb = net::Verb::add, .object = object}); }
  int remove(const net::Rule& object) { return change({.verb = net::Verb::remove, .object = object}); }
  std::vector<net::Rule> rules() { return *kernel().rules(kOurs); }
};
INSTANTIATE_CONTRACT(RuleContract);

TEST_P(RuleContract, WhatWasAddedIsShownExactlySo) {
  const std::vector<net::Rule> wanted = {
      rule("10.1.0.0/24"),          rule("10.1.1.0/24", 100, 0), rule("10.1.2.4/32", 70000),
      rule("0.0.0.0/0", 5, 300),    rule("fd01::/64"),           rule("::/0", 5, 300),
      rule("10.1.0.0/24", 254, 101)};
  for (const auto& each : wanted) EXPECT_EQ(add(each), 0) << refusal();
  EXPECT_THAT(rules(), testing::UnorderedElementsAreArray(wanted));
  for (const auto& each : wanted) EXPECT_EQ(remove(each), 0) << refusal();
  EXPECT_THAT(rules(), IsEmpty());
}

TEST_P(RuleContract, TheSameRuleTwiceIsRefusedButAnotherOwnersMayStandBesideIt) {
  auto foreign = rule("10.1.0.0/24");
  foreign.protocol = kTheirs;
  ASSERT_TRUE(world().by_other(foreign));
  EXPECT_EQ(add(rule("10.1.0.0/24")), 0) << refusal();
  EXPECT_EQ(add(rule("10.1.0.0/24")), EEXIST);
  EXPECT_THAT(rules(), ElementsAre(rule("10.1.0.0/24")));
  EXPECT_EQ(remove(rule("10.1.0.0/24")), 0);
  EXPECT_THAT(*kernel().rules(kTheirs), ElementsAre(foreign));
}

TEST_P(RuleContract, RemoveOfWhatIsNotOursIsRefused) {
  auto foreign = rule("10.1.0.0/24");
  foreign.protocol = kTheirs;
  ASSERT_TRUE(world().by_other(foreign));
  EXPECT_EQ(remove(rule("10.1.0.0/24")), ENOENT);
  EXPECT_EQ(remove(rule("10.2.0.0/24")), ENOENT);
  EXPECT_THAT(*kernel().rules(kTheirs), ElementsAre(foreign));
}

TEST_P(RuleContract, RulesAreNotReplaced) {
  EXPECT_EQ(change({.verb = net::Verb::replace, .object = rule("10.1.0.0/24")}), EINVAL);
  auto unknown_selectors = rule("10.1.0.0/24");
  unknown_selectors.unknown_selectors = true;
  EXPECT_EQ(add(unknown_selectors), EINVAL);
  EXPECT_THAT(rules(), IsEmpty());
}

TEST_P(RuleContract, AStrangersRuleIsNotifiedAndOursIsNot) {
  ASSERT_EQ(add(rule("10.2.0.0/24")), 0);
  auto foreign = rule("10.1.0.0/24");
  foreign.protocol = kTheirs;
  ASSERT_TRUE(world().by_other(foreign));
  const auto notifications = world().notifications();
  ASSERT_EQ(notifications.size(), 1U);
  EXPECT_EQ(notifications[0].subject, net::Notification::Subject::rule);
  EXPECT_FALSE(notifications[0].removal);
}

}  // namespace
