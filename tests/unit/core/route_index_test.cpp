#include "routing/route_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "routing/route_statuses.h"
#include "tests/unit/core/build.h"

namespace agent {
namespace {

using testing::route;

TEST(RouteIndex, FindsEachOfManyAndNothingElse) {
  std::vector<net::Route> routes;
  for (int i = 0; i < 5000; ++i) {
    routes.push_back(route(fmt::format("10.{}.{}.0/24", i / 256, i % 256), "10.240.0.1", 2));
    routes.push_back(route(fmt::format("fd00:{:x}::/32", i), "fd00::1", 2));
  }
  const routing::RouteIndex index(routes);
  for (std::size_t i = 0; i < routes.size(); ++i) ASSERT_EQ(index.at(routes[i].key), i);
  EXPECT_FALSE(index.at(route("10.200.0.0/24", "", 2).key));
  EXPECT_FALSE(index.at(route("10.0.0.0/25", "", 2).key));
  EXPECT_FALSE(index.at(route("10.0.0.0/24", "", 2, 169, 1024, /*table=*/100).key));
  EXPECT_FALSE(index.at(route("10.0.0.0/24", "", 2, 169, /*metric=*/5).key));
  EXPECT_FALSE(routing::RouteIndex().at(routes.front().key));
}

TEST(RouteIndex, TellsMetricsOfOneDestinationApart) {
  const std::vector routes = {route("10.0.0.0/24", "", 2, 169, 7), route("10.0.0.0/24", "", 2, 169, 5),
                              route("10.0.0.0/24", "", 3, 169, 5)};
  const routing::RouteIndex index(routes);
  EXPECT_EQ(index.at(routes[1].key), 1U) << "the first of two with one key";
  EXPECT_TRUE(index.is_first(0) && index.is_first(1));
  EXPECT_FALSE(index.is_first(2));
  std::vector<routing::RouteIndex::Position> met;
  index.each_to(254, testing::prefix("10.0.0.0/24"), [&](auto position) { met.push_back(position); });
  EXPECT_EQ(met, (std::vector<routing::RouteIndex::Position>{0, 1, 2}));
}

TEST(RouteStatuses, AreInSyncButForTheExceptions) {
  const net::SharedList<net::Route> routes = {route("10.0.0.0/24", "", 2), route("10.0.1.0/24", "", 2),
                                              route("10.0.2.0/24", "", 3)};
  routing::RouteStatuses statuses(routes, {{1, routing::RouteState::failed, "no"}});
  EXPECT_EQ(statuses.count(routing::RouteState::in_sync), 2U);
  EXPECT_EQ(statuses.count(routing::RouteState::failed), 1U);
  EXPECT_EQ(statuses.first(routing::RouteState::failed)->route, routes[1]);
  EXPECT_FALSE(statuses.first(routing::RouteState::pending));
  statuses.name_devices(std::vector{testing::eth0(), testing::eth1()});
  std::string text;
  for (const auto& each : statuses)
    text += fmt::format("{} {} {};", each.device, routing::route_state_name(each.state), each.error);
  EXPECT_EQ(text, "eth0 in_sync ;eth0 failed no;eth1 in_sync ;");
  const auto copy = routing::RouteStatuses(statuses.list());
  EXPECT_EQ(copy.at(1).error, "no");
  EXPECT_EQ(copy.at(2).device, "eth1");
}

}  // namespace
}  // namespace agent
