// What the controller makes of notifications: routes restored at once, and who is named for it.
#include <gmock/gmock.h>

#include "tests/unit/core/controlled_node.h"

namespace agent {
namespace {

using namespace std::chrono_literals;

using core::EventKind;
using ::testing::HasSubstr;
using testing::kHealthyRoutes;
using testing::Node;
using testing::prefix;
using ::testing::SizeIs;
using ::testing::StartsWith;

using testing::kinds;
using testing::NodeControllerTest;

std::uint64_t losses(const core::Snapshot& snapshot, core::LossCause cause, std::string_view by) {
  const auto found = snapshot.meters.losses.find({cause, by});
  return found == snapshot.meters.losses.end() ? 0 : found->second;
}

TEST_F(NodeControllerTest, ARepairIsPublishedWithWhoRemovedTheRouteAndThenLogged) {
  get_ready();
  node_.kernel.remove_foreign(ours(0));
  const auto effects = handle(core::NotificationsReady{});
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
  EXPECT_FALSE(effects.turned) << "no dump";
  ASSERT_THAT(effects.applied, SizeIs(1));
  EXPECT_TRUE(effects.applied.front().repaired);
  EXPECT_EQ(effects.processes.at(effects.applied.front().removed_by), "ip (process 4242)");
  ASSERT_NE(effects.publish, nullptr);
  EXPECT_EQ(effects.publish->counters.routes_repaired, 1U);
  EXPECT_EQ(effects.publish->changes.back().removed_by, "ip (process 4242)");
  EXPECT_EQ(losses(*effects.publish, core::LossCause::removed, "ip"), 1U);
  EXPECT_EQ(core::observations(effects.publish->meters.repairs), 1U);
  ASSERT_EQ(kinds(effects), std::vector{EventKind::routes_put_back});
  EXPECT_THAT(effects.log.front().message, StartsWith("restored 1 route removed by ip (process 4242): "));
  EXPECT_EQ(effects.wake_at, node_.now + routing::CpuBudget::kQuiet) << "a step confirms it";
}

TEST_F(NodeControllerTest, OfTwoWhoRemoveRoutesEachIsNamedForItsOwn) {
  get_ready();
  const auto first = ours(0);
  const auto second = ours(1);
  node_.kernel.remove_foreign(first);
  node_.kernel.remove_foreign(second);
  watch_.more = node_.kernel.take_notifications();
  ASSERT_THAT(watch_.more, SizeIs(2));
  watch_.more.back().removed_by = 77;
  const auto effects = handle(core::NotificationsReady{});
  EXPECT_THAT(effects.log.front().message,
              StartsWith("restored 2 routes removed by bird (process 77), ip (process 4242): "));
  const auto& changes = effects.publish->changes;
  EXPECT_EQ(changes.at(changes.size() - 2).removed_by, "ip (process 4242)");
  EXPECT_EQ(changes.back().removed_by, "bird (process 77)");
  EXPECT_EQ(losses(*effects.publish, core::LossCause::removed, "ip"), 1U);
  EXPECT_EQ(losses(*effects.publish, core::LossCause::removed, "bird"), 1U);
}

TEST_F(NodeControllerTest, WhatALookFindsMissingIsCountedAsThat) {
  get_ready();
  node_.kernel.remove_foreign(ours(0));
  (void)node_.kernel.take_notifications();  // lost
  const auto effects = handle(core::ResyncDue{});
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
  EXPECT_EQ(losses(*effects.publish, core::LossCause::found, ""), 1U);
  EXPECT_EQ(core::observations(effects.publish->meters.repairs), 0U) << "nobody knows since when it was gone";
}

TEST_F(NodeControllerTest, TheFirstStatesOfTheStartAreTimed) {
  const auto first = handle(core::Wakeup{});
  EXPECT_FALSE(first.publish->meters.until_document);
  node_.now += std::chrono::seconds(2);
  get_ready();
  node_.now += std::chrono::seconds(5);
  const auto effects = handle(core::ResyncDue{});
  const auto& meters = effects.publish->meters;
  EXPECT_EQ(meters.until_document, std::chrono::seconds(2));
  EXPECT_EQ(meters.until_routes, std::chrono::seconds(2));
  EXPECT_EQ(meters.until_ready, std::chrono::seconds(2));
  EXPECT_GE(core::observations(meters.turns), 2U);
}

TEST_F(NodeControllerTest, RequestsDumpsBatchesAndLooksAreCounted) {
  get_ready();
  handle(
      core::ImdsFailure{.error = "IMDS: 429", .outcome = observed::RequestOutcome::throttled, .took = 7ms});
  observed::CloudState state;
  state.requests = {
      {.to = observed::Service::arm, .outcome = observed::RequestOutcome::refused, .took = 20ms},
      {.to = observed::Service::arm, .outcome = observed::RequestOutcome::ok, .took = 30ms}};
  handle(state);
  observed::NodeEnvironment environment;
  environment.took = 2ms;
  handle(environment);
  const auto effects = handle(core::ResyncDue{});
  const auto& meters = effects.publish->meters;
  const auto requests = [&meters](observed::Service to, observed::RequestOutcome outcome) {
    const auto found = meters.requests.by_outcome.find({to, outcome});
    return found == meters.requests.by_outcome.end() ? 0 : found->second;
  };
  EXPECT_EQ(requests(observed::Service::imds, observed::RequestOutcome::ok), 1U);
  EXPECT_EQ(requests(observed::Service::imds, observed::RequestOutcome::throttled), 1U);
  EXPECT_EQ(requests(observed::Service::arm, observed::RequestOutcome::refused), 1U);
  EXPECT_EQ(meters.requests.took.at(observed::Service::arm), 50ms);
  EXPECT_EQ(core::observations(meters.looks), 1U);
  EXPECT_GT(core::observations(meters.dumps), core::observations(meters.turns));
  EXPECT_GE(core::observations(meters.batches), 1U);
}

TEST_F(NodeControllerTest, TheLastLinesOfTheLogAreInTheState) {
  get_ready();
  node_.kernel.remove_foreign(ours(0));
  handle(core::NotificationsReady{});
  settle();
  const auto& events = *controller_->published().events;
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const auto& each) {
    return each.event.kind == core::EventKind::routes_put_back;
  }));
  EXPECT_LE(events.size(), 32U);
}

TEST(Meters, NameFewRemoversAndCountTheRest) {
  EXPECT_EQ(core::remover_of("NetworkManager"), "NetworkManager");
  EXPECT_EQ(core::remover_of("somebody's own"), "other");
  EXPECT_EQ(core::remover_of(""), "");
}

TEST(Meters, PutATimeIntoTheBucketThatItIsNotAbove) {
  core::Histogram histogram;
  histogram.observe(std::chrono::microseconds(100));
  histogram.observe(std::chrono::microseconds(101));
  histogram.observe(std::chrono::minutes(1));
  EXPECT_EQ(histogram.counts.front(), 1U);
  EXPECT_EQ(histogram.counts.at(1), 1U);
  EXPECT_EQ(histogram.counts.back(), 1U);
}

TEST_F(NodeControllerTest, WhatIsRemovedDuringADumpIsRestoredBetweenItsParts) {
  get_ready();
  const auto victim = ours(0);
  const auto batches = node_.kernel.batches().size();
  node_.kernel.during_next_dump([&] { node_.kernel.remove_foreign(victim); },
                                [&] { EXPECT_EQ(node_.routes(), kHealthyRoutes) << "before it ends"; });
  const auto effects = handle(core::ResyncDue{});
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
  EXPECT_EQ(node_.kernel.batches().size(), batches + 1) << "the step found nothing left to do";
  EXPECT_EQ(effects.publish->counters.routes_repaired, 1U);
  EXPECT_THAT(effects.log.front().message, HasSubstr("removed by ip (process 4242)"));
}

TEST_F(NodeControllerTest, ARouteThatIsGoneWhileItIsLookedUpIsNotShadowed) {
  get_ready();
  const auto victim = ours(0);
  node_.kernel.after_next_dump([&] { node_.kernel.remove_foreign(victim); });
  const auto effects = handle(core::ResyncDue{});
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
  EXPECT_TRUE(effects.publish->ready);
  EXPECT_EQ(kinds(effects), std::vector{EventKind::routes_put_back});
}

TEST_F(NodeControllerTest, AChangeOfALinkIsInspected) {
  get_ready();
  node_.kernel.set_carrier(node_.eth0_index(), false);
  EXPECT_TRUE(handle(core::NotificationsReady{}).inspect_again);
  node_.kernel.add_foreign(testing::route("10.99.0.0/16", "10.240.0.1", node_.eth0_index()));
  EXPECT_FALSE(handle(core::NotificationsReady{}).inspect_again);
}

TEST_F(NodeControllerTest, ARuleOfOthersThatComesOrGoesIsInspected) {
  get_ready();
  const net::Rule rule{100, testing::prefix("10.244.1.0/24"), 100, 4, false};
  node_.kernel.add_foreign(rule);
  EXPECT_TRUE(handle(core::NotificationsReady{}).inspect_again) << "it may take away what pods send";
  node_.kernel.remove_foreign(rule);
  EXPECT_TRUE(handle(core::NotificationsReady{}).inspect_again);
}

TEST_F(NodeControllerTest, LostNotificationsAreToldAndADumpMakesUpForThem) {
  get_ready();
  watch_.fails = true;
  node_.kernel.remove_foreign(ours(0));
  const auto effects = handle(core::NotificationsReady{});
  EXPECT_THAT(kinds(effects), ::testing::Contains(EventKind::events_lost));
  settle();
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
}

TEST_F(NodeControllerTest, TheFilterIsInstalledBeforeTheDumpAndOnlyWhenItChanges) {
  get_ready();
  ASSERT_THAT(watch_.filters, SizeIs(1));
  EXPECT_EQ(watch_.dumps_before.front(), 0U);
  auto policy = Node::udr();
  policy.cluster_cidrs = {prefix("10.246.0.0/16")};
  const auto dumps = node_.kernel.calls(test_support::FakeKernel::Call::routes);
  handle(configured(policy));
  ASSERT_THAT(watch_.filters, SizeIs(2));
  EXPECT_EQ(watch_.dumps_before.back(), dumps);
  watch_.refuses_filters = true;
  policy.cluster_cidrs = {prefix("10.247.0.0/16")};
  EXPECT_THAT(kinds(handle(configured(policy))), ::testing::Contains(EventKind::events_lost));
}

}  // namespace
}  // namespace agent
