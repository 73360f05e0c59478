#include "routing/route_diff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/unit/core/build.h"

namespace agent {
namespace {

using testing::actual_of;
using testing::blackhole;
using testing::desired_of;
using testing::prefix;
using testing::route;

TEST(RouteDiff, SaysNothingWhenInSync) {
  const std::vector routes = {route("10.244.0.0/16", "10.240.0.1", 2), blackhole("10.244.1.0/24")};
  EXPECT_TRUE(routing::diff(desired_of(routes), actual_of(routes)).changes.empty());
}

TEST(RouteDiff, ReplacesOnlyAKeyThatIsOurs) {
  const auto wanted = route("10.244.0.0/16", "10.240.0.1", 2);
  const auto altered = route("10.244.0.0/16", "10.240.0.9", 2);
  const auto changes = routing::diff(desired_of({wanted}), actual_of({altered})).changes;
  EXPECT_EQ(changes, (std::vector<net::Change>{{net::Verb::replace, wanted}}));
  EXPECT_EQ(routing::diff(desired_of({wanted}), {}).changes,
            (std::vector<net::Change>{{net::Verb::add, wanted}}));
}

TEST(RouteDiff, OfTwoThatWantOneKeyTheFirstCounts) {
  const std::vector wanted = {route("10.244.0.0/16", "10.240.0.1", 2),
                              route("10.244.0.0/16", "10.240.0.9", 2)};
  EXPECT_EQ(routing::diff(desired_of(wanted), {}).changes,
            (std::vector<net::Change>{{net::Verb::add, wanted[0]}}));
  EXPECT_TRUE(routing::diff(desired_of(wanted), actual_of({wanted[0]})).changes.empty());
}

TEST(RouteDiff, LeavesAKeyThatAForeignRouteHoldsAlone) {
  const auto wanted = route("10.244.0.0/16", "10.240.0.1", 2);
  const std::vector occupied = {route("10.244.0.0/16", "10.240.0.77", 2, 4)};
  EXPECT_TRUE(routing::diff(desired_of({wanted}), {}, occupied).changes.empty());
  const auto altered = route("10.244.0.0/16", "10.240.0.9", 2);
  EXPECT_EQ(routing::diff(desired_of({wanted}), actual_of({altered}), occupied).changes,
            (std::vector<net::Change>{{net::Verb::remove, altered}}))
      << "a replace could overwrite the foreign twin";
}

TEST(RouteDiff, MakesBeforeItBreaks) {
  const auto wanted = route("10.244.0.0/16", "10.240.0.1", 2);
  const auto old = route("10.245.0.0/16", "10.240.0.1", 2);
  const net::Rule new_rule{16925, prefix("10.244.1.0/24"), 16925, 169, false};
  const net::Rule old_rule{16925, prefix("10.245.1.0/24"), 16925, 169, false};
  const auto difference = routing::diff(desired_of({wanted}, {new_rule}), actual_of({old}, {old_rule}));
  EXPECT_EQ(difference.changes, (std::vector<net::Change>{{net::Verb::add, wanted},
                                                          {net::Verb::add, new_rule},
                                                          {net::Verb::remove, old_rule},
                                                          {net::Verb::remove, old}}));
}

TEST(RouteDiff, RemovesNothingWhileWhatIsWantedIsNotFullyKnown) {
  const auto sink = blackhole("10.244.1.0/24");
  auto desired = desired_of({sink});
  desired.complete = false;
  const auto changes = routing::diff(desired, actual_of({route("10.244.0.0/16", "10.240.0.1", 2)})).changes;
  EXPECT_EQ(changes, (std::vector<net::Change>{{net::Verb::add, sink}}));
}

TEST(RouteDiff, LeavesRoutesByALinkThatIsDownForLater) {
  const auto wanted = route("10.244.0.0/16", "10.240.0.1", 2);
  const auto altered = route("10.244.0.0/16", "10.240.0.9", 2);
  const auto sink = blackhole("10.244.1.0/24");
  auto desired = desired_of({wanted, sink});
  desired.down_device = 2;
  const std::vector<net::Change> only_the_sink = {{net::Verb::add, sink}};
  EXPECT_EQ(routing::diff(desired, {}).changes, only_the_sink);
  EXPECT_EQ(routing::diff(desired, actual_of({altered})).changes, only_the_sink)
      << "it cannot be replaced, and is not removed";
}

TEST(RouteDiff, RemovesTwinsOfOneKey) {
  const auto wanted = route("10.244.0.0/16", "10.240.0.1", 2);
  const auto twin = route("10.244.0.0/16", "10.240.0.9", 2);
  EXPECT_EQ(routing::diff(desired_of({wanted}), actual_of({twin, wanted})).changes,
            (std::vector<net::Change>{{net::Verb::remove, twin}}));
}

TEST(RouteDiff, ARouteThatADumpShowsTwiceIsStillWanted) {
  const auto wanted = route("10.244.0.0/16", "10.240.0.1", 2);
  EXPECT_TRUE(routing::diff(desired_of({wanted}), actual_of({wanted, wanted})).changes.empty());
}

/// A next hop of an IPv6 key that has several, as the port shows it.
net::Route hop(std::string_view gateway, std::uint8_t protocol = 169) {
  auto made = route("fd44::/48", gateway, 2, protocol);
  made.multipath = true;
  return made;
}

TEST(RouteDiff, LeavesAnIpv6KeyWithNextHopsOfOthersAsItIs) {
  const auto wanted = route("fd44::/48", "fe80::1", 2);
  const auto difference = routing::diff(desired_of({wanted}), actual_of({hop("fe80::1"), hop("fe80::99")}));
  EXPECT_EQ(difference.changes, (std::vector<net::Change>{{net::Verb::remove, hop("fe80::99")}}))
      << "a replace would take it away whoever has made it; a removal takes ours alone";
  EXPECT_EQ(difference.drift.shared, (std::vector<routing::SharedKey>{{0, hop("fe80::99")}}));
  EXPECT_EQ(difference.drift.absent, std::vector<routing::RouteIndex::Position>{0});
  EXPECT_EQ(difference.drift.unwanted, 0U);
}

TEST(RouteDiff, RemovesEachNextHopOfAKeyThatIsNotWanted) {
  const auto changes = routing::diff({}, actual_of({hop("fe80::1"), hop("fe80::99")})).changes;
  EXPECT_EQ(changes, (std::vector<net::Change>{{net::Verb::remove, hop("fe80::1")},
                                               {net::Verb::remove, hop("fe80::99")}}))
      << "the kernel takes only those of our protocol";
  EXPECT_TRUE(routing::is_next_hop_of_others(changes[1], net::failure(ESRCH, "No such process").value()));
  EXPECT_FALSE(routing::is_next_hop_of_others(changes[1], net::failure(EPERM, "not allowed").value()));
}

TEST(RouteDiff, ReplacesARouteOfOursThatBearsMoreThanWeAskedFor) {
  const auto wanted = route("10.244.0.0/16", "10.240.0.1", 2);
  auto altered = wanted;
  altered.extra_attributes = true;
  EXPECT_EQ(routing::diff(desired_of({wanted}), actual_of({altered})).changes,
            (std::vector<net::Change>{{net::Verb::replace, wanted}}));
}

TEST(RouteDiff, WhatIsKeptForAnAwaitedCidrIsNotUnwanted) {
  routing::Desired desired;
  desired.node_cidrs_awaited = true;
  const auto difference = routing::diff(desired, actual_of({blackhole("10.244.1.0/24")}));
  EXPECT_TRUE(difference.changes.empty());
  EXPECT_EQ(difference.drift.unwanted, 0U);
  EXPECT_EQ(difference.retained, 1U);
}

/// The meaning of the verbs on a table that holds one route a key.
std::vector<net::Route> applied(std::vector<net::Route> table, const std::vector<net::Change>& changes) {
  for (const auto& change : changes) {
    const auto& subject = std::get<net::Route>(change.object);
    const auto with_key = [&](const net::Route& each) { return each.key == subject.key; };
    const bool present = std::any_of(table.begin(), table.end(), with_key);
    EXPECT_EQ(present, change.verb != net::Verb::add)
        << "the verb does not fit: " << net::route_text(subject);
    std::erase_if(table, with_key);
    if (change.verb != net::Verb::remove) table.push_back(subject);
  }
  std::sort(table.begin(), table.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return table;
}

TEST(RouteDiff, AppliedToTheActualGivesTheDesiredWhateverTheyAre) {
  std::mt19937 random(20251);
  const auto some_routes = [&random] {
    std::vector<net::Route> routes;
    std::set<net::RouteKey> keys;
    const auto count = random() % 40;
    for (unsigned i = 0; i < count; ++i) {
      auto each = route("10." + std::to_string(random() % 20) + ".0.0/16",
                        "10.240.0." + std::to_string(random() % 3), random() % 2 + 2, 169, random() % 2 + 1);
      if (random() % 4 == 0) {
        each.type = net::RouteType::blackhole;
        each.gateway.reset();
        each.device = 0;
      }
      if (keys.insert(each.key).second) routes.push_back(each);
    }
    return routes;
  };
  for (int round = 0; round < 2000; ++round) {
    auto desired = some_routes();
    const auto actual = some_routes();
    const auto after = applied(actual, routing::diff(desired_of(desired), actual_of(actual)).changes);
    std::sort(desired.begin(), desired.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    ASSERT_EQ(after, desired) << "round " << round;
    ASSERT_TRUE(routing::diff(desired_of(desired), actual_of(after)).changes.empty());
  }
}

}  // namespace
}  // namespace agent
