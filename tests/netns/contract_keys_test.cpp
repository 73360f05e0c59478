// Who may have which key: what add, replace and remove meet. Each case asks the fake and the real kernel.
#include "tests/netns/contract.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class KeyContract : public KernelContract {
 protected:
  [[nodiscard]] static net::Route with_metric(net::Route made, std::uint32_t metric) {
    made.key.metric = metric;
    return made;
  }
  [[nodiscard]] static net::Route in_table(net::Route made, std::uint32_t table) {
    made.key.table = table;
    return made;
  }
};
INSTANTIATE_CONTRACT(KeyContract);

TEST_P(KeyContract, WhatWasAddedIsShownExactlySoInEveryTableAndFamily) {
  auto with_source = route("10.2.0.0/16", "10.0.0.1");
  with_source.source = *net::Address::parse("10.0.0.4");
  auto with_source_v6 = route("fd02::/64", "fd00::1");
  with_source_v6.source = *net::Address::parse("fd00::4");
  auto local = sink("10.66.0.1/32", net::RouteType::local);
  local.device = eth0();
  const std::vector<net::Route> wanted = {
      route("10.1.0.0/16", "10.0.0.1"),
      with_source,
      route("10.3.0.0/16"),
      in_table(route("10.4.0.0/16", "10.0.0.1"), 16925),
      in_table(route("10.4.0.0/16", "10.0.0.1"), 70000),
      sink("10.5.0.0/16"),
      sink("10.6.0.0/16", net::RouteType::unreachable),
      sink("10.7.0.0/16", net::RouteType::prohibit),
      sink("10.8.0.0/16", net::RouteType::throw_on),
      with_metric(sink("10.9.0.0/16"), 4294967295U),
      route("0.0.0.0/0", "10.0.0.1"),
      local,
      route("fd01::/64", "fd00::1"),
      with_source_v6,
      route("fd03::/64"),
      route("fd04::/64", "fe80::1"),
      in_table(route("fd04::/64", "fd00::1"), 16925),
      sink("fd05::/64"),
      sink("fd06::/64", net::RouteType::unreachable),
      route("::/0", "fd00::1"),
  };
  for (const auto& each : wanted) EXPECT_EQ(add(each), 0) << net::route_text(each) << ": " << refusal();
  EXPECT_THAT(ours(), testing::UnorderedElementsAreArray(wanted));
  for (const auto& each : wanted) EXPECT_EQ(remove(each), 0) << net::route_text(each) << ": " << refusal();
  EXPECT_THAT(ours(), IsEmpty());
}

TEST_P(KeyContract, AddNeverTakesAKeyThatSomebodyHas) {
  for (const auto& mine : {route("10.1.0.0/16", "10.0.0.1"), route("fd01::/64", "fd00::1")}) {
    auto foreign = theirs(mine);
    ASSERT_TRUE(world().by_other(test_support::Meeting::add, foreign));
    EXPECT_EQ(add(mine), EEXIST);
    EXPECT_THAT(refusal(), HasSubstr(mine.key.destination.text()));
    EXPECT_THAT(refusal(), HasSubstr("File exists"));
    EXPECT_THAT(all_to(mine.key.destination.text()), ElementsAre(foreign));
  }
}

TEST_P(KeyContract, AddDoesNotRepeatItself) {
  ASSERT_EQ(add(route("10.1.0.0/16", "10.0.0.1")), 0);
  EXPECT_EQ(add(route("10.1.0.0/16", "10.0.0.1")), EEXIST);
  EXPECT_EQ(add(route("10.1.0.0/16", "10.0.0.2")), EEXIST);
  EXPECT_EQ(add(sink("10.1.0.0/16")), EEXIST) << "the type is no part of the key";
}

TEST_P(KeyContract, MetricTableAndTosArePartsOfTheKey) {
  const auto first = route("10.1.0.0/16", "10.0.0.1");
  auto with_tos = first;
  with_tos.key.tos = 8;
  ASSERT_EQ(add(first), 0);
  EXPECT_EQ(add(with_metric(first, 5)), 0);
  EXPECT_EQ(add(in_table(first, 100)), 0);
  EXPECT_EQ(add(with_tos), 0) << refusal();
  EXPECT_EQ(ours().size(), 4U);
}

TEST_P(KeyContract, ReplaceChangesOurRouteInPlace) {
  for (const auto& [before, after] :
       {std::pair(route("10.1.0.0/16", "10.0.0.1"), route("10.1.0.0/16", "10.0.0.2")),
        std::pair(route("10.2.0.0/16", "10.0.0.1"), sink("10.2.0.0/16")),
        std::pair(sink("10.3.0.0/16"), route("10.3.0.0/16", "10.0.0.1")),
        std::pair(sink("10.4.0.0/16"), sink("10.4.0.0/16", net::RouteType::unreachable)),
        std::pair(route("fd01::/64", "fd00::1"), route("fd01::/64", "fd00::2")),
        std::pair(route("fd02::/64", "fd00::1"), sink("fd02::/64")),
        std::pair(sink("fd03::/64"), route("fd03::/64", "fd00::1")),
        std::pair(route("fd04::/64", "fd00::1"), route("fd04::/64"))}) {
    ASSERT_EQ(add(before), 0) << refusal();
    EXPECT_EQ(replace(after), 0) << refusal();
    EXPECT_THAT(all_to(after.key.destination.text()), ElementsAre(after));
    EXPECT_EQ(replace(after), 0) << "once more changes nothing: " << refusal();
  }
}

TEST_P(KeyContract, ReplacePutsBackWhatVanishedAfterTheDump) {
  EXPECT_EQ(replace(route("10.1.0.0/16", "10.0.0.1")), 0) << refusal();
  EXPECT_EQ(replace(route("fd01::/64", "fd00::1")), 0) << refusal();
  EXPECT_EQ(ours().size(), 2U);
}

TEST_P(KeyContract, ReplaceOverwritesAStrangersRouteOfTheSameKey) {
  for (const auto& mine : {route("10.1.0.0/16", "10.0.0.1"), route("fd01::/64", "fd00::1")}) {
    ASSERT_TRUE(world().by_other(test_support::Meeting::add, theirs(mine)));
    EXPECT_EQ(replace(mine), 0);
    EXPECT_THAT(all_to(mine.key.destination.text()), ElementsAre(mine));
  }
}

TEST_P(KeyContract, ReplaceOverwritesTheFirstOfSeveralRoutesOfOneKey) {
  const auto mine = route("10.1.0.0/16", "10.0.0.1");
  const auto foreign = theirs(route("10.1.0.0/16", "10.0.0.2"));
  ASSERT_EQ(add(mine), 0);
  ASSERT_TRUE(world().by_other(test_support::Meeting::append, foreign));
  const auto better = route("10.1.0.0/16", "10.0.0.3");
  EXPECT_EQ(replace(better), 0);
  EXPECT_THAT(all_to("10.1.0.0/16"), ElementsAre(better, foreign));
}

TEST_P(KeyContract, ReplaceByWhatStandsElsewhereUnderTheKeyIsRefused) {
  const auto first = route("10.1.0.0/16", "10.0.0.1");
  const auto second = route("10.1.0.0/16", "10.0.0.2");
  ASSERT_EQ(add(first), 0);
  ASSERT_TRUE(world().by_other(test_support::Meeting::append, second)) << "it bears our protocol";
  EXPECT_EQ(replace(second), EEXIST);
  EXPECT_THAT(ours(), ElementsAre(first, second));
}

TEST_P(KeyContract, RemoveOfAStrangersRouteIsRefused) {
  for (const auto& mine : {route("10.1.0.0/16", "10.0.0.1"), sink("10.2.0.0/16"),
                           route("fd01::/64", "fd00::1"), sink("fd02::/64")}) {
    ASSERT_TRUE(world().by_other(test_support::Meeting::add, theirs(mine)));
    EXPECT_EQ(remove(mine), ESRCH);
    EXPECT_THAT(all_to(mine.key.destination.text()), ElementsAre(theirs(mine)));
  }
}

TEST_P(KeyContract, RemoveOfWhatIsNotThereIsRefused) {
  EXPECT_EQ(remove(route("10.1.0.0/16", "10.0.0.1")), ESRCH);
  EXPECT_EQ(remove(route("fd01::/64", "fd00::1")), ESRCH);
}

TEST_P(KeyContract, RemoveTakesTheNamedOneOfTwoRoutesOfOneKey) {
  const auto first = route("10.1.0.0/16", "10.0.0.1");
  const auto second = route("10.1.0.0/16", "10.0.0.2");
  ASSERT_EQ(add(first), 0);
  ASSERT_TRUE(world().by_other(test_support::Meeting::append, second)) << "it bears our protocol";
  EXPECT_EQ(remove(second), 0);
  EXPECT_THAT(ours(), ElementsAre(first));
  EXPECT_EQ(remove(second), ESRCH) << "the other one has another next hop";
}

TEST_P(KeyContract, RemoveOfAnotherTypeIsRefusedInIpv4Only) {
  ASSERT_EQ(add(sink("10.1.0.0/16")), 0);
  EXPECT_EQ(remove(sink("10.1.0.0/16", net::RouteType::unreachable)), ESRCH);
  ASSERT_EQ(add(sink("fd01::/64")), 0);
  EXPECT_EQ(remove(sink("fd01::/64", net::RouteType::unreachable)), 0);
}

TEST_P(KeyContract, Ipv4MetricZeroRemovesTheLowestMetric) {
  auto zero = route("10.1.0.0/16", "10.0.0.1");
  zero.key.metric = 0;
  const auto higher = with_metric(zero, 7);
  ASSERT_EQ(add(higher), 0);
  ASSERT_EQ(add(zero), 0);
  EXPECT_EQ(remove(zero), 0);
  EXPECT_THAT(ours(), ElementsAre(higher));
  EXPECT_EQ(remove(zero), 0) << "the kernel takes metric 0 for any";
  EXPECT_THAT(ours(), IsEmpty());
}

TEST_P(KeyContract, Ipv6MetricZeroIs1024) {
  auto zero = route("fd01::/64", "fd00::1");
  zero.key.metric = 0;
  ASSERT_EQ(add(zero), 0);
  EXPECT_THAT(ours(), ElementsAre(route("fd01::/64", "fd00::1")));
  const auto lower = with_metric(zero, 5);
  ASSERT_EQ(add(lower), 0);
  EXPECT_EQ(remove(zero), 0);
  EXPECT_THAT(ours(), ElementsAre(lower)) << "0 does not mean any";
}

TEST_P(KeyContract, AnAppendedIpv6RouteMakesASiblingThatOurRemovalSpares) {
  const auto mine = route("fd01::/64", "fd00::1");
  const auto foreign = theirs(route("fd01::/64", "fd00::2"));
  ASSERT_EQ(add(mine), 0);
  ASSERT_TRUE(world().by_other(test_support::Meeting::append, foreign));
  auto first = mine;
  auto second = route("fd01::/64", "fd00::2");  // under the first one's protocol: the kernel tells no other
  first.multipath = second.multipath = true;
  EXPECT_THAT(all_to("fd01::/64"), UnorderedElementsAre(first, second));
  EXPECT_THAT(ours(), UnorderedElementsAre(first, second));
  EXPECT_EQ(remove(second), ESRCH) << "it is not ours";
  EXPECT_EQ(remove(first), 0);
  EXPECT_THAT(all_to("fd01::/64"), ElementsAre(foreign));
}

TEST_P(KeyContract, NextHopsOfOneKeyGoOneByOne) {
  ASSERT_EQ(add(route("fd01::/64", "fd00::1")), 0);
  ASSERT_TRUE(world().by_other(test_support::Meeting::append, route("fd01::/64", "fd00::2")));
  const auto shown = ours();
  ASSERT_EQ(shown.size(), 2U);
  for (const auto& hop : shown) EXPECT_EQ(remove(hop), 0) << refusal();
  EXPECT_THAT(ours(), IsEmpty());
}

TEST_P(KeyContract, ARouteWithMoreThanWeAskForIsNotTheOneWeMakeAndIsReplacedAndRemovedAsAnyOther) {
  for (const auto& mine : {route("10.1.0.0/16", "10.0.0.1"), route("fd01::/64", "fd00::1")}) {
    auto altered = mine;
    altered.extra_attributes = true;
    ASSERT_TRUE(world().by_other(test_support::Meeting::add, altered)) << "it bears our protocol";
    EXPECT_THAT(ours(), ElementsAre(altered));
    EXPECT_EQ(add(altered), EINVAL);
    EXPECT_EQ(replace(mine), 0) << refusal();
    EXPECT_THAT(ours(), ElementsAre(mine));
    ASSERT_TRUE(world().by_other(test_support::Meeting::replace, altered));
    EXPECT_EQ(remove(altered), 0) << refusal();
    EXPECT_THAT(ours(), IsEmpty());
  }
}

TEST_P(KeyContract, ReplaceOfAMultipathRouteLeavesOneWay) {
  ASSERT_EQ(add(route("fd01::/64", "fd00::1")), 0);
  ASSERT_TRUE(world().by_other(test_support::Meeting::append, route("fd01::/64", "fd00::2")));
  const auto wanted = route("fd01::/64", "fd00::3");
  EXPECT_EQ(replace(wanted), 0);
  EXPECT_THAT(all_to("fd01::/64"), ElementsAre(wanted));
}

TEST_P(KeyContract, RoutesAreFoundByProtocolInEveryTable) {
  const auto main = route("10.1.0.0/16", "10.0.0.1");
  ASSERT_EQ(add(main), 0);
  ASSERT_EQ(add(in_table(main, 70000)), 0);
  ASSERT_EQ(add(in_table(main, 255)), 0);
  ASSERT_TRUE(world().by_other(test_support::Meeting::add, theirs(with_metric(main, 3))));
  EXPECT_THAT(ours(), UnorderedElementsAre(main, in_table(main, 70000), in_table(main, 255)));
  EXPECT_THAT(*kernel().routes(77), IsEmpty());
}

TEST_P(KeyContract, RoutesToADestinationAreExactAndEverybodys) {
  const auto mine = route("10.1.0.0/16", "10.0.0.1");
  const auto foreign = theirs(with_metric(sink("10.1.0.0/16"), 3));
  ASSERT_EQ(add(mine), 0);
  ASSERT_EQ(add(route("10.1.0.0/17", "10.0.0.1")), 0);
  ASSERT_EQ(add(in_table(mine, 100)), 0);
  ASSERT_TRUE(world().by_other(test_support::Meeting::add, foreign));
  EXPECT_THAT(all_to("10.1.0.0/16"), UnorderedElementsAre(mine, foreign));
  EXPECT_THAT(all_to("10.0.0.0/8"), IsEmpty());
  EXPECT_THAT(all_to("10.1.0.0/16", 100), ElementsAre(in_table(mine, 100)));
  EXPECT_THAT(all_to("10.1.0.0/16", 31337), IsEmpty()) << "there is no such table";
  EXPECT_THAT(*kernel().routes_to(254, {}), IsEmpty());
}

TEST_P(KeyContract, WhatNoMessageCanSayIsRefusedWithoutAskingTheKernel) {
  auto gateway = route("10.1.0.0/16");
  gateway.gateway = *net::Address::parse("fd00::1");
  EXPECT_EQ(add(gateway), EINVAL) << "the kernel would read four bytes of it";
  auto source = route("fd01::/64", "fd00::1");
  source.source = *net::Address::parse("10.0.0.4");
  EXPECT_EQ(add(source), EINVAL);
  auto multipath = route("10.1.0.0/16", "10.0.0.1");
  multipath.multipath = true;
  EXPECT_EQ(add(multipath), EINVAL);
  EXPECT_EQ(add(sink("10.1.0.0/16", net::RouteType::other)), EINVAL);
  EXPECT_THAT(ours(), IsEmpty());
}

TEST_P(KeyContract, ABatchCarriesOnAfterARefusal) {
  ASSERT_TRUE(world().by_other(test_support::Meeting::add, theirs(route("10.1.0.0/16", "10.0.0.1"))));
  auto unsayable = route("10.4.0.0/16");
  unsayable.gateway = *net::Address::parse("fd00::1");
  const std::vector<net::Change> changes = {
      {.verb = net::Verb::add, .object = route("10.1.0.0/16", "10.0.0.1")},
      {.verb = net::Verb::add, .object = route("10.2.0.0/16", "10.0.0.1")},
      {.verb = net::Verb::remove, .object = route("10.3.0.0/16", "10.0.0.1")},
      {.verb = net::Verb::add, .object = unsayable},
      {.verb = net::Verb::add, .object = route("fd01::/64", "fd00::1")},
      {.verb = net::Verb::remove, .object = route("10.5.0.0/16", "10.0.0.1")},
  };
  const auto refused = kernel().apply(changes);
  ASSERT_TRUE(refused) << refused.error().what;
  std::vector<std::pair<std::size_t, int>> seen;
  for (const auto& each : *refused) seen.emplace_back(each.index, each.error.code.value());
  EXPECT_THAT(seen, ElementsAre(std::pair(0U, EEXIST), std::pair(2U, ESRCH), std::pair(3U, EINVAL),
                                std::pair(5U, ESRCH)));
  EXPECT_EQ(ours().size(), 2U);
}

TEST_P(KeyContract, AnEmptyBatchDoesNothing) {
  const auto refused = kernel().apply({});
  ASSERT_TRUE(refused);
  EXPECT_THAT(*refused, IsEmpty());
}

}  // namespace
