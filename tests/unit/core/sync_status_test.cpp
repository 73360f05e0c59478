#include "routing/sync_status.h"

#include <gtest/gtest.h>

#include "tests/unit/core/build.h"

namespace agent {
namespace {

using testing::actual_of;
using testing::blackhole;
using testing::desired_of;
using testing::route;

const auto kWanted = route("10.244.0.0/16", "10.240.0.1", 2);
const auto kDesired = desired_of({kWanted});

routing::RouteStatus only(const routing::SyncStatus& sync) { return sync.routes.at(0); }

TEST(SyncStatus, PresentIsInSyncAbsentIsPendingRefusedIsFailed) {
  EXPECT_EQ(only(routing::evaluate_sync(kDesired, actual_of({kWanted}), {}, {})).state,
            routing::RouteState::in_sync);
  EXPECT_EQ(only(routing::evaluate_sync(kDesired, {}, {}, {})).state, routing::RouteState::pending);
  const auto refused =
      only(routing::evaluate_sync(kDesired, {}, {}, {{kWanted.key, "Nexthop has invalid gateway"}}));
  EXPECT_EQ(refused.state, routing::RouteState::failed);
  EXPECT_EQ(refused.error, "Nexthop has invalid gateway");
}

TEST(SyncStatus, AForeignRouteOnOurKeyShadowsWhenItLeadsTheSameWayElseFails) {
  const std::vector same = {route("10.244.0.0/16", "10.240.0.1", 2, 4)};
  const auto shadowed = only(routing::evaluate_sync(kDesired, {}, same, {{kWanted.key, "File exists"}}));
  EXPECT_EQ(shadowed.state, routing::RouteState::shadowed);
  EXPECT_NE(shadowed.error.find("protocol 4"), std::string::npos);
  const std::vector other = {route("10.244.0.0/16", "10.240.0.77", 2, 80)};
  const auto failed = only(routing::evaluate_sync(kDesired, {}, other, {}));
  EXPECT_EQ(failed.state, routing::RouteState::failed);
  EXPECT_NE(failed.error.find("protocol 80"), std::string::npos);
}

TEST(SyncStatus, AForeignRouteWithALowerMetricShadowsAHigherOneDoesNot) {
  const std::vector lower = {route("10.244.0.0/16", "10.240.0.77", 2, 4, 5)};
  const std::vector higher = {route("10.244.0.0/16", "10.240.0.77", 2, 4, 5000)};
  EXPECT_EQ(only(routing::evaluate_sync(kDesired, actual_of({kWanted}), lower, {})).state,
            routing::RouteState::shadowed);
  EXPECT_EQ(only(routing::evaluate_sync(kDesired, actual_of({kWanted}), higher, {})).state,
            routing::RouteState::in_sync);
}

TEST(SyncStatus, AForeignRouteWithALowerMetricThatDropsWhatIsLedFails) {
  for (const auto type : {net::RouteType::unreachable, net::RouteType::blackhole, net::RouteType::prohibit,
                          net::RouteType::throw_on}) {
    for (const auto* destination : {"10.244.0.0/16", "fd44::/48"}) {
      const auto wanted =
          route(destination, destination[0] == 'f' ? "fe80::1234:5678:9abc" : "10.240.0.1", 2);
      std::vector lower = {route(destination, "", 0, 4, 5)};
      lower[0].type = type;
      const auto status = only(routing::evaluate_sync(desired_of({wanted}), actual_of({wanted}), lower, {}));
      EXPECT_EQ(status.state, routing::RouteState::failed) << destination;
      EXPECT_NE(status.error.find("lower metric and drops"), std::string::npos) << status.error;
      lower[0].key.metric = 5000;
      EXPECT_EQ(only(routing::evaluate_sync(desired_of({wanted}), actual_of({wanted}), lower, {})).state,
                routing::RouteState::in_sync);
    }
  }
}

TEST(SyncStatus, ASinkBehindOneOfOthersDropsAsIsWanted) {
  const auto sink = blackhole("10.244.1.0/24");
  auto other = blackhole("10.244.1.0/24", 0);
  other.protocol = 80;  // Felix's
  EXPECT_EQ(only(routing::evaluate_sync(desired_of({sink}), actual_of({sink}), std::vector{other}, {})).state,
            routing::RouteState::in_sync);
}

TEST(SyncStatus, AForeignRouteWithATosIsNotInTheWayOfPacketsWithout) {
  std::vector foreign_routes = {route("10.244.0.0/16", "", 3, 4, 0)};
  EXPECT_EQ(only(routing::evaluate_sync(kDesired, actual_of({kWanted}), foreign_routes, {})).state,
            routing::RouteState::shadowed);
  foreign_routes[0].key.tos = 0x10;
  EXPECT_EQ(only(routing::evaluate_sync(kDesired, actual_of({kWanted}), foreign_routes, {})).state,
            routing::RouteState::in_sync);
}

TEST(SyncStatus, ASinkUnderAConnectedRouteIsInSync) {
  const auto sink = blackhole("10.244.1.0/24");
  const std::vector connected = {route("10.244.1.0/24", "", 7, 2, 0)};
  EXPECT_EQ(only(routing::evaluate_sync(desired_of({sink}), actual_of({sink}), connected, {})).state,
            routing::RouteState::in_sync);
}

TEST(SyncStatus, ASinkBehindARouteThatLeadsOutOfTheNodeIsShadowed) {
  const auto sink = blackhole("10.244.1.0/24");
  const std::vector out = {route("10.244.1.0/24", "10.241.0.1", 3, 4, 0)};
  EXPECT_EQ(only(routing::evaluate_sync(desired_of({sink}), actual_of({sink}), out, {})).state,
            routing::RouteState::shadowed);
}

TEST(SyncStatus, CountsWhatIsOursButNotWanted) {
  const auto left_over = route("10.9.0.0/16", "10.240.0.1", 2);
  EXPECT_EQ(routing::evaluate_sync(kDesired, actual_of({kWanted, left_over}), {}, {}).unwanted, 1U);
}

TEST(SyncStatus, AMissingRuleIsAProblem) {
  const net::Rule rule{16925, testing::prefix("10.244.1.0/24"), 16925, 169, false};
  const auto sync = routing::evaluate_sync(desired_of({}, {rule}), {}, {}, {});
  EXPECT_FALSE(sync.settled());
  EXPECT_TRUE(routing::evaluate_sync(desired_of({}, {rule}), actual_of({}, {rule}), {}, {}).settled());
}

}  // namespace
}  // namespace agent
