#include "routing/cpu_budget.h"

#include <gtest/gtest.h>

#include "routing/removal_guard.h"
#include "tests/unit/core/build.h"

namespace agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const net::MonoTime kStart = net::MonoTime{} + std::chrono::hours(1);

TEST(CpuBudget, TheFirstNotificationsAreDueAtOnce) {
  routing::CpuBudget budget;
  auto now = kStart;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(budget.due(now), now);
    now += milliseconds(1);
    budget.charge(now, milliseconds(1));
  }
}

TEST(CpuBudget, AStormCostsATenthOfACore) {
  routing::CpuBudget budget;
  auto now = kStart;
  auto busy = routing::CpuBudget::Duration::zero();
  while (now < kStart + seconds(60)) {
    now = std::max(now, budget.due(now));
    now += milliseconds(2);
    budget.charge(now, milliseconds(2));
    busy += milliseconds(2);
  }
  EXPECT_LT(busy, seconds(7));
  EXPECT_GT(busy, seconds(5));
}

TEST(CpuBudget, NoStepWaitsLongerThanTheLongestWait) {
  routing::CpuBudget budget;
  budget.charge(kStart, seconds(30));
  EXPECT_LE(budget.due(kStart), kStart + routing::CpuBudget::kLongestWait);
}

TEST(CpuBudget, RecoversInQuietTimes) {
  routing::CpuBudget budget;
  budget.charge(kStart, seconds(1));
  const auto later = kStart + seconds(10);
  EXPECT_EQ(budget.due(later), later);
}

TEST(CpuBudget, ConfirmsWhatWasPutBackOnceItIsQuiet) {
  routing::CpuBudget budget;
  budget.charge(kStart - seconds(60), milliseconds(0));
  EXPECT_EQ(budget.due_after_repair(kStart, kStart), kStart + routing::CpuBudget::kQuiet);
  EXPECT_EQ(budget.due_after_repair(kStart, kStart + milliseconds(100)),
            kStart + milliseconds(100) + routing::CpuBudget::kQuiet);
  EXPECT_EQ(budget.due_after_repair(kStart, kStart + seconds(5)), kStart + routing::CpuBudget::kLongestWait)
      << "a storm without end is looked at too";
}

TEST(CpuBudget, ConfirmsSeldomWhatIsCostlyToLookAt) {
  routing::CpuBudget budget;
  budget.charge(kStart, milliseconds(10));
  EXPECT_EQ(budget.due_after_repair(kStart, kStart), kStart + seconds(3));
  budget.charge(kStart, milliseconds(500));
  EXPECT_EQ(budget.due_after_repair(kStart, kStart), kStart + routing::CpuBudget::kLongestRest);
}

TEST(RepairRateLimiter, IsForAllOfThemAtOnceAndThenForATenthOfACore) {
  routing::RepairRateLimiter rate_limiter;
  EXPECT_TRUE(rate_limiter.take(100'000, 100'000, kStart));
  EXPECT_TRUE(rate_limiter.take(100'000, 100'000, kStart)) << "a second time too";
  std::size_t taken = 0;
  for (auto now = kStart; now < kStart + seconds(10); now += milliseconds(1)) {
    for (int i = 0; i < 100; ++i) taken += rate_limiter.take(1, 100'000, now) ? 1 : 0;
  }
  EXPECT_GE(taken, 10'000U);
  EXPECT_LE(taken, 12'000U);
}

TEST(Backoff, DoublesToItsLimitWithinHalfAndWholeAndStartsOver) {
  routing::Backoff backoff(7);
  for (auto whole = routing::Backoff::kFirst; whole <= routing::Backoff::kLast * 2; whole *= 2) {
    const auto limit = std::min(whole, routing::Backoff::kLast);
    const auto wait = backoff.next();
    EXPECT_GE(wait, limit / 2);
    EXPECT_LE(wait, limit);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), routing::Backoff::kFirst);
}

TEST(Backoff, SpreadsEachWaitOverItsUpperHalf) {
  routing::Backoff backoff(7);
  constexpr auto kThreeQuarters = routing::Backoff::kFirst * 3 / 4;
  int early = 0;
  for (int i = 0; i < 400; ++i) {
    early += backoff.next() < kThreeQuarters ? 1 : 0;
    backoff.reset();
  }
  EXPECT_GT(early, 100) << "nodes that fail together would try in step";
  EXPECT_LT(early, 300);
}

TEST(RemovalGuard, HoldsEveryRemovalUntilASecondReadingAgrees) {
  routing::RemovalGuard guard;
  const auto desired = testing::desired_of({testing::route("10.244.0.0/16", "10.240.0.1", 2)});
  guard.want(desired, /*agreed=*/false);
  EXPECT_FALSE(guard.allows_removals());
  guard.want(desired, /*agreed=*/true);
  EXPECT_TRUE(guard.allows_removals());
  guard.want(desired, /*agreed=*/false);
  EXPECT_TRUE(guard.allows_removals()) << "it was agreed once";
  guard.want({}, /*agreed=*/false);
  EXPECT_FALSE(guard.allows_removals()) << "another set has to be confirmed by itself";
}

TEST(RemovalGuard, ALinkThatGoesDownAsksForNoOtherRoutes) {
  routing::RemovalGuard guard;
  auto desired = testing::desired_of({testing::route("10.244.0.0/16", "10.240.0.1", 2)});
  guard.want(desired, /*agreed=*/true);
  desired.down_device = 2;
  guard.want(desired, /*agreed=*/false);
  EXPECT_TRUE(guard.allows_removals());
}

}  // namespace
}  // namespace agent
