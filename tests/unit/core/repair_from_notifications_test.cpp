// What is restored before any dump: it must never decide what a dump would not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "routing/reconciler.h"
#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::Node;
using Call = test_support::FakeKernel::Call;

net::Route first_of_ours(Node& node) { return node.kernel.routes(169)->front(); }

std::size_t looks(const Node& node) { return node.kernel.calls(Call::routes); }

class RepairFromNotifications : public ::testing::Test {
 protected:
  void SetUp() override {
    node.reading(testing::network());
    node.settle();
    ASSERT_EQ(node.routes(), testing::kHealthyRoutes);
  }
  routing::RepairReport take_notifications() {
    return node.engine().take_notifications(node.kernel.take_notifications(), node.now);
  }

  Node node;
};

TEST_F(RepairFromNotifications, PutsBackWithoutALookWhichFollowsOnceItIsQuiet) {
  const auto all = *node.kernel.routes(169);
  for (const auto& route : all) node.kernel.remove_foreign(route);
  const auto before = looks(node);
  const auto report = take_notifications();
  EXPECT_EQ(looks(node), before);
  EXPECT_EQ(report.made.size(), 3U);
  for (const auto& each : report.made) {
    EXPECT_TRUE(each.repaired);
    EXPECT_EQ(each.removed_by, test_support::FakeKernel::kForeignPort);
  }
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  ASSERT_TRUE(node.engine().due());
  EXPECT_EQ(*node.engine().due(), node.now + routing::CpuBudget::kQuiet);
  node.run_for(std::chrono::seconds(1));
  EXPECT_GT(looks(node), before);
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.kernel.batches().back().size(), 3U) << "the look found nothing left to do";
}

TEST_F(RepairFromNotifications, BringsBackWhatAFlapTookSilentlyInOneBatch) {
  node.kernel.set_up(node.eth0_index(), false);
  node.kernel.set_up(node.eth0_index(), true);
  const auto before = looks(node);
  EXPECT_EQ(take_notifications().made.size(), 2U);
  EXPECT_EQ(looks(node), before);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
}

TEST_F(RepairFromNotifications, BringsBackWhatALostAddressTook) {
  node.kernel.remove_address(node.eth0_index(), "10.240.0.4/24");
  node.run_for(std::chrono::seconds(1));
  ASSERT_EQ(node.routes().size(), 1U);
  node.kernel.add_address(node.eth0_index(), "10.240.0.4/24");
  const auto before = looks(node);
  EXPECT_EQ(take_notifications().made.size(), 2U);
  EXPECT_EQ(looks(node), before);
}

TEST_F(RepairFromNotifications, TriesNothingByALinkThatIsDown) {
  node.kernel.set_up(node.eth0_index(), false);
  node.kernel.remove_foreign(testing::blackhole("10.244.1.0/24"));
  EXPECT_EQ(take_notifications().made.size(), 1U) << "the sink needs no link";
  EXPECT_EQ(node.kernel.batches().back().size(), 1U);
}

TEST_F(RepairFromNotifications, ALinkEventThatTookNothingCostsNoBatch) {
  const auto before = node.kernel.batches().size();
  node.kernel.set_carrier(node.eth0_index(), true);
  (void)take_notifications();
  EXPECT_EQ(node.kernel.batches().size(), before);
}

TEST_F(RepairFromNotifications, LeavesWhatIsNotExactlyThatToALook) {
  auto altered = first_of_ours(node);
  altered.gateway = testing::address("10.240.0.9");
  node.kernel.as_foreign(test_support::Meeting::replace, altered);
  const auto before = node.kernel.batches().size();
  EXPECT_TRUE(take_notifications().made.empty());
  EXPECT_EQ(node.kernel.batches().size(), before);
  EXPECT_EQ(node.engine().due(), node.now) << "but it is looked at, at once";
}

TEST_F(RepairFromNotifications, ARefusalIsLookedAtAtOnce) {
  node.kernel.remove_foreign(first_of_ours(node));
  node.kernel.refuse_change(0, ENOMEM, "no memory");
  const auto report = take_notifications();
  EXPECT_TRUE(report.made.empty());
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(node.engine().due(), node.now);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
}

TEST_F(RepairFromNotifications, AnUnknownOutcomeIsLookedAtAtOnce) {
  node.kernel.remove_foreign(first_of_ours(node));
  node.kernel.lose_next_outcome();
  EXPECT_FALSE(take_notifications().complete);
  EXPECT_EQ(node.engine().due(), node.now);
}

TEST_F(RepairFromNotifications, WhatVanishesBehindARunningDumpIsBackWhenItEnds) {
  const auto routes = *node.kernel.routes(169);
  for (const auto& victim : {routes.front(), routes.back()}) {
    const auto batches = node.kernel.batches().size();
    node.engine().request_full_resync(node.now);
    node.kernel.during_next_dump([&] { node.kernel.remove_foreign(victim); },
                                 [&] { EXPECT_EQ(take_notifications().made.size(), 1U); });
    const auto report = node.engine().turn(node.now, net::WallTime{});
    EXPECT_TRUE(report.made.empty()) << "the dump need not have seen it: " << net::route_text(victim);
    EXPECT_EQ(node.kernel.batches().size(), batches + 1);
    EXPECT_TRUE(node.ready());
    EXPECT_TRUE(node.engine().due()) << "and it is looked at again";
    node.settle();
    EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  }
}

TEST_F(RepairFromNotifications, AProcessThatRemovesAsFastCostsATenthOfACoreAndLosesInTheEnd) {
  std::size_t repaired = 0;
  const auto end = node.now + std::chrono::seconds(10);
  while (node.now < end) {
    for (const auto& route : std::vector(*node.kernel.routes(169))) node.kernel.remove_foreign(route);
    repaired += take_notifications().made.size();
    if (const auto due = node.engine().due(); due && *due <= node.now) {
      (void)node.engine().turn(node.now, net::WallTime{});
      node.engine().charge(node.now, std::chrono::microseconds(300));
    }
    node.now += std::chrono::microseconds(50);
  }
  EXPECT_GT(repaired, 10'000U);
  EXPECT_LT(repaired, 12'000U);
  node.settle();
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST_F(RepairFromNotifications, RoutesThatAreNotWantedAnyMoreStayAway) {
  auto policy = Node::udr();
  policy.routes_enabled = false;
  node.engine().set_policy(policy, node.now);
  node.settle();
  node.kernel.remove_foreign(first_of_ours(node));
  EXPECT_TRUE(take_notifications().made.empty());
  EXPECT_EQ(node.routes().size(), 2U);
}

/// A reconciler, a kernel, and other processes that do anything to it.
class RouteChurn {
 public:
  explicit RouteChurn(unsigned seed) : random_(seed) {
    device_ = kernel_.add_link("eth0");
    kernel_.add_address(device_, "10.240.0.4/24");
    std::vector<net::Route> routes;
    for (int i = 0; i < 12; ++i) routes.push_back(wanted(i));
    routes.push_back(testing::blackhole("10.250.0.0/16"));
    desired_.routes = routes;
    reconciler_.want(desired_, 169, /*agreed=*/true, now_);
    (void)reconciler_.step(now_);
    (void)kernel_.take_notifications();
  }

  void round() {
    const auto changes = random_() % 4;
    for (unsigned i = 0; i <= changes; ++i) change();
    if (random_() % 3 == 0) learn(foreign_routes());
    repair();
    if (random_() % 3 == 0) step();
  }

  void expect_quiet() {
    kernel_.set_up(device_, true);
    repair();
    for (const auto& each : foreign_routes()) kernel_.remove_foreign(each);
    learn({});
    repair();
    step();
    step();
    const auto rest = routing::diff(*reconciler_.desired(), {.routes = *kernel_.routes(169), .rules = {}});
    EXPECT_TRUE(rest.changes.empty());
    EXPECT_TRUE(reconciler_.sync().settled());
  }

  [[nodiscard]] std::size_t repaired() const { return restored_; }

 private:
  [[nodiscard]] net::Route wanted(int i) const {
    return testing::route(fmt::format("10.{}.0.0/16", 100 + i), "10.240.0.1", device_);
  }
  [[nodiscard]] std::vector<net::Route> foreign_routes() const {
    auto routes = kernel_.all_routes();
    std::erase_if(routes, [](const net::Route& each) { return each.protocol != 4; });
    return routes;
  }

  void learn(std::vector<net::Route> known) {
    known_ = std::move(known);
    reconciler_.set_foreign_routes(known_, now_);
  }

  void change() {
    const auto ours = *kernel_.routes(169);
    auto some = wanted(static_cast<int>(random_() % 12));
    switch (random_() % 7) {
      case 0:
      case 1:
      case 2:
        if (!ours.empty()) kernel_.remove_foreign(ours[random_() % ours.size()]);
        break;
      case 3:  // a foreign route takes the place, or precedes it
        some.protocol = 4;
        some.key.metric = random_() % 2 == 0 ? 1024 : 5;
        kernel_.as_foreign(random_() % 2 == 0 ? test_support::Meeting::replace : test_support::Meeting::add,
                           some);
        break;
      case 4:  // somebody with our number has another mind
        some.gateway = testing::address("10.240.0.7");
        kernel_.as_foreign(test_support::Meeting::replace, some);
        break;
      case 5:
        if (const auto all = foreign_routes(); !all.empty()) kernel_.remove_foreign(all.front());
        break;
      default:
        up_ = !up_;
        kernel_.set_up(device_, up_);
    }
  }

  /// As the engine does it; each change that the kernel takes must be one that a look at this moment makes.
  void repair() {
    const auto notifications = kernel_.take_notifications();
    std::uint32_t back = 0;
    for (const auto& notification : notifications) {
      if (notification.subject != net::Notification::Subject::link) continue;
      reconciler_.set_link_state(notification.device, notification.up);
      if (notification.up) back = device_;
    }
    const auto would =
        routing::diff(*reconciler_.desired(), {.routes = *kernel_.routes(169), .rules = {}}, known_).changes;
    const auto report = reconciler_.repair_from_notifications(notifications, back, now_);
    restored_ += report.made.size();
    for (const auto& [change, repaired, port] : report.made) {
      EXPECT_EQ(change.verb, net::Verb::add);
      EXPECT_NE(std::find(would.begin(), would.end(), change), would.end())
          << net::route_text(std::get<net::Route>(change.object));
    }
  }

  void step() {
    now_ += std::chrono::seconds(1);
    (void)reconciler_.step(now_);
  }

  std::mt19937 random_;
  test_support::FakeKernel kernel_;
  net::MonoTime now_ = net::MonoTime{} + std::chrono::hours(1);
  std::uint32_t device_ = 0;
  bool up_ = true;
  routing::Desired desired_;
  routing::Reconciler reconciler_{kernel_, 7};
  std::vector<net::Route> known_;
  std::size_t restored_ = 0;
};

TEST(RepairModel, NeverMakesWhatALookWouldNotAndEndsWhereALookDoes) {
  std::size_t repaired = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    RouteChurn churn(seed);
    for (int i = 0; i < 40; ++i) churn.round();
    churn.expect_quiet();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    repaired += churn.repaired();
  }
  EXPECT_GT(repaired, 10'000U) << "the model must put something back to show anything";
}

}  // namespace
}  // namespace agent
