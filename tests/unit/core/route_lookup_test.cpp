// Where the kernel sends packets, whatever its dump shows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "routing/sync_status.h"
#include "tests/support/fake_kernel.h"
#include "tests/unit/core/build.h"

namespace agent {
namespace {

using test_support::Meeting;
using testing::address;
using testing::prefix;
using testing::route;

TEST(Probes, AreSeveralAddressesOfThePrefixButNoneOfThoseElsewhere) {
  const auto cluster = prefix("10.244.0.0/16");
  const std::vector<net::Prefix> own = {prefix("10.244.90.0/24")};
  const auto anywhere = routing::probes_of(cluster, {});
  const auto outside = routing::probes_of(cluster, own);
  EXPECT_EQ(anywhere.size(), 4U);
  EXPECT_EQ(outside.size(), 4U);
  for (const auto& each : anywhere) EXPECT_TRUE(cluster.contains(each)) << each.text();
  for (const auto& each : outside) EXPECT_FALSE(own[0].contains(each)) << each.text();
  EXPECT_TRUE(own[0].contains(anywhere[0])) << "or the line before proves nothing";
}

TEST(Probes, OfTheSmallestPrefixesAreTheirAddresses) {
  EXPECT_EQ(routing::probes_of(prefix("10.0.0.7/32"), {}), std::vector{address("10.0.0.7")});
  EXPECT_EQ(routing::probes_of(prefix("fd00::7/128"), {}), std::vector{address("fd00::7")});
  for (const auto& each : routing::probes_of(prefix("10.0.0.4/30"), {})) EXPECT_NE(each, address("10.0.0.4"));
  const std::vector<net::Prefix> all = {prefix("10.244.0.0/16")};
  EXPECT_TRUE(routing::probes_of(prefix("10.244.0.0/16"), all).empty());
}

/// A kernel with the cluster's route in it.
class RouteLookup : public ::testing::Test {
 protected:
  RouteLookup() {
    eth0_ = kernel_.add_link("eth0");
    kernel_.add_address(eth0_, "10.240.0.4/24");
    kernel_.add_address(eth0_, "fd00::4/64");
    wanted_ = route("10.244.0.0/16", "10.240.0.1", eth0_);
    const net::Change add{net::Verb::add, wanted_};
    EXPECT_TRUE(kernel_.apply({&add, 1})->empty());
  }

  routing::SyncStatus looked_up() {
    routing::SyncStatus sync;
    sync.routes = routing::RouteStatuses(std::vector{wanted_}, {});
    (void)routing::look_up(kernel_, rules_, node_cidrs_, 0, {}, sync);
    return sync;
  }
  routing::RouteStatus status() { return looked_up().routes.at(0); }

  test_support::FakeKernel kernel_;
  std::uint32_t eth0_ = 0;
  net::Route wanted_;
  std::vector<net::Rule> rules_;
  std::vector<net::Prefix> node_cidrs_ = {prefix("10.244.1.0/24")};
};

TEST_F(RouteLookup, FindsOurRoute) {
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
  EXPECT_TRUE(looked_up().leads_as_wanted());
}

TEST_F(RouteLookup, AForeignRouteBeforeOursUnderOurKeyFails) {
  kernel_.as_foreign(Meeting::prepend, route("10.244.0.0/16", "10.240.0.99", eth0_, 4));
  EXPECT_EQ(status().state, routing::RouteState::failed);
  EXPECT_NE(status().error.find("via 10.240.0.99"), std::string::npos) << status().error;
  EXPECT_NE(status().error.find("protocol 4"), std::string::npos) << status().error;
  EXPECT_TRUE(wanted_.key.destination.contains(status().led_away.value().to));
}

TEST_F(RouteLookup, AForeignRouteBehindOursUnderOurKeyDoesNoHarm) {
  kernel_.as_foreign(Meeting::append, route("10.244.0.0/16", "10.240.0.99", eth0_, 4));
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
}

TEST_F(RouteLookup, ABlackholeBeforeOursFailsForNothingGoesAnywhere) {
  auto blackhole = testing::blackhole("10.244.0.0/16", 1024);
  blackhole.protocol = 4;
  kernel_.as_foreign(Meeting::prepend, blackhole);
  EXPECT_EQ(status().state, routing::RouteState::failed);
  EXPECT_TRUE(status().led_away.value().dropped);
  EXPECT_FALSE(looked_up().leads_as_wanted());
}

TEST_F(RouteLookup, ATableThatNobodyLeadsToIsNotTaken) {
  const net::Change away{net::Verb::remove, wanted_};
  wanted_ = route("10.244.0.0/16", "10.240.0.1", eth0_, 169, 1024, 300);
  const net::Change add{net::Verb::add, wanted_};
  EXPECT_TRUE(kernel_.apply({{away, add}})->empty());
  kernel_.add_foreign(route("0.0.0.0/0", "10.240.0.1", eth0_, 16));
  EXPECT_EQ(status().state, routing::RouteState::shadowed);
  rules_ = {net::Rule{16925, prefix("10.244.1.0/24"), 300, 169, false}};
  EXPECT_EQ(status().state, routing::RouteState::in_sync) << "led to by a rule of ours, for pods";
}

TEST_F(RouteLookup, ARuleToAnotherTableShadowsWhateverThePrefixThere) {
  kernel_.add_foreign(net::Rule{5270, prefix("0.0.0.0/0"), 52, 0, false});
  EXPECT_EQ(status().state, routing::RouteState::in_sync) << "the table is empty";
  const auto everything = route("0.0.0.0/0", "10.240.0.99", eth0_, 4, 0, 52);
  kernel_.add_foreign(everything);
  EXPECT_EQ(status().state, routing::RouteState::shadowed);
  EXPECT_NE(status().error.find("table 52"), std::string::npos) << status().error;
  EXPECT_TRUE(status().led_away.value().other_table);
  EXPECT_NE(status().error.find("protocol 4"), std::string::npos) << status().error;
  EXPECT_FALSE(looked_up().leads_as_wanted());
  kernel_.remove_foreign(everything);
  kernel_.add_foreign(route("10.244.0.0/16", "10.240.0.99", eth0_, 4, 0, 52));
  EXPECT_EQ(status().state, routing::RouteState::shadowed);
}

TEST_F(RouteLookup, ALongerPrefixOfOthersIsNotTheWholeUnlessThereAreManyOfThem) {
  kernel_.add_foreign(route("10.244.90.0/24", "10.240.0.99", eth0_, 4));
  EXPECT_EQ(status().state, routing::RouteState::in_sync) << "a part of the pods alone";
  for (const auto* half : {"10.244.0.0/17", "10.244.128.0/17"})
    kernel_.add_foreign(route(half, "10.240.0.99", eth0_, 4));
  EXPECT_EQ(status().state, routing::RouteState::shadowed);
  EXPECT_NE(status().error.find("longer prefix"), std::string::npos) << status().error;
  const routing::LedAway expected{.to = routing::probes_of(wanted_.key.destination, node_cidrs_).back()};
  EXPECT_EQ(status().led_away, expected) << "each of its addresses was asked for";
}

TEST_F(RouteLookup, HalfOfThePodsThatAreDroppedOrLedToAnotherLinkAreAShadow) {
  const auto tun0 = kernel_.add_link("tun0");
  for (const auto* part : {"10.244.0.0/17", "10.244.128.0/17", "10.244.64.0/18", "10.244.192.0/18"}) {
    auto dropping = route(part, "", 0, 3);
    dropping.type = net::RouteType::blackhole;
    kernel_.add_foreign(dropping);
    EXPECT_EQ(status().state, routing::RouteState::shadowed) << part;
    EXPECT_NE(status().error.find("drops packets to 10.244."), std::string::npos) << status().error;
    EXPECT_FALSE(looked_up().leads_as_wanted());
    kernel_.remove_foreign(dropping);
    const auto leading = route(part, "", tun0, 3);
    kernel_.add_foreign(leading);
    EXPECT_EQ(status().state, routing::RouteState::shadowed) << part;
    EXPECT_NE(status().error.find(part), std::string::npos) << status().error;
    kernel_.remove_foreign(leading);
  }
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
}

TEST_F(RouteLookup, WhatIsNoWiderThanANodeIsNoPartTakenAway) {
  const auto other = kernel_.add_link("flannel.1");
  const auto probes = routing::probes_of(wanted_.key.destination, node_cidrs_);
  for (const unsigned length : {24U, 26U, 32U}) {
    for (std::size_t i = 1; i < probes.size(); ++i) {
      const auto pods = route(net::Prefix::around(probes[i], length)->text(), "", other, 3);
      kernel_.add_foreign(pods);
      EXPECT_EQ(status().state, routing::RouteState::in_sync) << pods.key.destination.text();
      kernel_.remove_foreign(pods);
    }
  }
}

TEST_F(RouteLookup, UntilTheNodesCidrIsKnownAPartMayBeItsPods) {
  const auto cni0 = kernel_.add_link("cni0");
  node_cidrs_.clear();
  kernel_.add_foreign(route("10.244.0.0/17", "", cni0, 2));
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
}

TEST_F(RouteLookup, AShorterPrefixInItsPlaceIsADetourThoughItLeadsTheSameWay) {
  wanted_ = route("fd44::/48", "fe80::1", eth0_);
  // As where somebody has `fd44::/48 from PREFIX`: the kernel passes by whatever else is to fd44::/48.
  kernel_.add_foreign(route("::/0", "fe80::1", eth0_, 9));
  const auto sync = looked_up();
  ASSERT_TRUE(sync.routes.first_detour());
  const auto detour = *sync.routes.first_detour();
  EXPECT_NE(detour.error.find("whose prefix is shorter"), std::string::npos) << detour.error;
  EXPECT_NE(detour.error.find("\"from PREFIX\""), std::string::npos) << detour.error;
  EXPECT_FALSE(detour.led_away) << "the routes to the destination itself show what is there";
}

/// With a second link, by which nothing of pods' has to leave.
class PartLookup : public RouteLookup {
 protected:
  PartLookup() {
    ib0_ = kernel_.add_link("ib0");
    kernel_.add_address(ib0_, "172.16.5.1/16");
  }

  routing::RouteStatus status() {
    auto sync = looked_up();
    EXPECT_EQ(sync.routes.at(0).state, routing::RouteState::in_sync) << "or the parts are not asked for";
    (void)routing::look_up_parts(kernel_, {}, parts_, sync);
    return sync.routes.at(0);
  }

  std::uint32_t ib0_ = 0;
  std::vector<net::Prefix> parts_ = {prefix("10.244.2.0/24"), prefix("10.244.90.0/24")};
};

TEST_F(PartLookup, FindsWhatTakesAwayTheCidrOfAnotherNode) {
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
  kernel_.add_foreign(route("10.244.2.0/24", "172.16.0.9", ib0_, 4));
  EXPECT_EQ(status().state, routing::RouteState::shadowed);
  EXPECT_EQ(status().error.find("for 10.244.2.0/24 of another node 10.244.2.0/24 via 172.16.0.9"), 0U)
      << status().error;
  EXPECT_TRUE(prefix("10.244.2.0/24").contains(status().led_away.value().to));
}

TEST_F(PartLookup, FindsWhatDropsIt) {
  auto blackhole = testing::blackhole("10.244.2.0/24", 0);
  blackhole.protocol = 12;
  kernel_.add_foreign(blackhole);
  EXPECT_EQ(status().state, routing::RouteState::shadowed);
  EXPECT_TRUE(status().led_away.value().dropped);
}

TEST_F(PartLookup, AnotherNextHopOnTheNicIsAzuresToJudge) {
  kernel_.add_foreign(route("10.244.2.0/24", "10.240.0.5", eth0_, 12));
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
}

TEST_F(PartLookup, WhatCannotBeAskedIsNotJudged) {
  auto sync = looked_up();
  kernel_.fail_next(test_support::FakeKernel::Call::lookup, EPERM);
  (void)routing::look_up_parts(kernel_, {}, parts_, sync);
  EXPECT_EQ(sync.routes.at(0).state, routing::RouteState::in_sync);
  EXPECT_FALSE(sync.lookup_error.empty());
}

TEST_F(RouteLookup, PodsOfThisNodeHaveRoutesOfTheirOwn) {
  node_cidrs_ = {prefix("10.244.0.0/17")};
  kernel_.add_foreign(route("10.244.0.0/17", "", eth0_, 2, 0));
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
}

TEST_F(RouteLookup, AnIpv6KeyThatIsSharedWithOthersIsNotOurs) {
  wanted_ = route("fd44::/48", "fe80::1", eth0_);
  const net::Change add{net::Verb::add, wanted_};
  ASSERT_TRUE(kernel_.apply({&add, 1})->empty());
  EXPECT_EQ(status().state, routing::RouteState::in_sync);
  kernel_.as_foreign(Meeting::append, route("fd44::/48", "fe80::99", eth0_, 4));
  EXPECT_EQ(status().state, routing::RouteState::failed);
}

TEST_F(RouteLookup, WhatCannotBeAskedIsNotJudged) {
  kernel_.fail_next(test_support::FakeKernel::Call::lookup, EPERM);
  const auto sync = looked_up();
  EXPECT_EQ(sync.routes.at(0).state, routing::RouteState::in_sync);
  EXPECT_FALSE(sync.lookup_error.empty());
  EXPECT_FALSE(sync.leads_as_wanted());
}

TEST_F(RouteLookup, OfManyRoutesSomeAreAskedForAndOthersTheNextTime) {
  std::vector<net::Route> many;
  for (int i = 0; i < 2000; ++i)
    many.push_back(route(fmt::format("20.{}.{}.0/24", i / 250, i % 250), "10.240.0.1", eth0_));
  std::vector<net::Change> adds;
  for (std::size_t i = 0; i < many.size(); ++i) {
    if (i != 1003) adds.push_back({net::Verb::add, many[i]});
  }
  ASSERT_TRUE(kernel_.apply(adds)->empty());
  kernel_.add_foreign(route("0.0.0.0/0", "10.240.0.1", eth0_, 16, 0));
  const auto before = kernel_.calls(test_support::FakeKernel::Call::lookup);
  std::size_t found = 0;
  for (std::size_t round = 0; round < many.size() / routing::kLookedUpOfMany; ++round) {
    routing::SyncStatus sync;
    sync.routes = routing::RouteStatuses(many, {});
    (void)routing::look_up(kernel_, {}, {}, round, {}, sync);
    found += sync.routes.out_of_sync().size();
  }
  EXPECT_EQ(found, 1U) << "each is asked for once in so many rounds";
  EXPECT_LE(kernel_.calls(test_support::FakeKernel::Call::lookup) - before, many.size() + 3);
}

TEST_F(RouteLookup, OfMoreThanAFewRoutesAPartThatIsDroppedIsFoundWithinSomeRoundsAndSeenFromThenOn) {
  std::vector<net::Route> wanted;
  for (int i = 0; i < 40; ++i) wanted.push_back(route(fmt::format("20.{}.0.0/16", i), "10.240.0.1", eth0_));
  std::vector<net::Change> adds;
  for (const auto& each : wanted) adds.push_back({net::Verb::add, each});
  ASSERT_TRUE(kernel_.apply(adds)->empty());
  auto dropping = route("20.20.0.0/17", "", 0, 3);
  dropping.type = net::RouteType::blackhole;
  kernel_.add_foreign(dropping);
  std::vector<routing::RouteIndex::Position> obstructed;
  const auto is_seen = [&](std::size_t round) {
    routing::SyncStatus sync;
    sync.routes = routing::RouteStatuses(wanted, {});
    obstructed = routing::look_up(kernel_, {}, node_cidrs_, round, obstructed, sync);
    return !sync.leads_as_wanted();
  };
  std::size_t round = 0;
  while (!is_seen(round)) ASSERT_LT(++round, 3U) << "40 routes are three groups";
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(is_seen(++round)) << "though it is another group's turn";
}

TEST_F(RouteLookup, OfManyRoutesOneThatIsNotTakenIsAskedForEachTimeUntilItIs) {
  std::vector<net::Route> many;
  for (int i = 0; i < 2000; ++i)
    many.push_back(route(fmt::format("20.{}.{}.0/24", i / 250, i % 250), "10.240.0.1", eth0_));
  std::vector<net::Change> adds;
  for (const auto& each : many) adds.push_back({net::Verb::add, each});
  ASSERT_TRUE(kernel_.apply(adds)->empty());
  const auto drops = route("20.4.3.0/24", "10.240.0.77", eth0_, 16, 1);
  kernel_.add_foreign(drops);
  std::vector<routing::RouteIndex::Position> obstructed;
  std::size_t seen = 0;
  const auto look = [&](std::size_t round) {
    routing::SyncStatus sync;
    sync.routes = routing::RouteStatuses(many, {});
    obstructed = routing::look_up(kernel_, {}, {}, round, obstructed, sync);
    EXPECT_EQ(sync.routes.out_of_sync().size(), obstructed.size());
    return obstructed.size();
  };
  const std::size_t rounds = many.size() / routing::kLookedUpOfMany;
  for (std::size_t round = 0; round < 2 * rounds; ++round) {
    const auto now = look(round);
    EXPECT_GE(now, seen) << "passes again, in round " << round << ", and nothing has changed";
    seen = now;
  }
  EXPECT_EQ(seen, 1U);
  kernel_.remove_foreign(drops);
  EXPECT_EQ(look(0), 0U);
}

}  // namespace
}  // namespace agent
