#include "agent/core/pace.h"

#include <gtest/gtest.h>

#include "agent/core/backoff.h"
#include "agent/core/removal_guard.h"
#include "tests/unit/core/build.h"

namespace agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kStart = MonoTime{} + std::chrono::hours(1);

TEST(Pace, TheFirstHintsAreDueAtOnce) {
  Pace pace;
  auto now = kStart;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(pace.due(now), now);
    now += milliseconds(1);
    pace.spent(now, milliseconds(1));
  }
}

TEST(Pace, AStormCostsATenthOfACore) {
  Pace pace;
  auto now = kStart;
  auto busy = Pace::Duration::zero();
  while (now < kStart + seconds(60)) {
    now = std::max(now, pace.due(now));
    now += milliseconds(2);
    pace.spent(now, milliseconds(2));
    busy += milliseconds(2);
  }
  EXPECT_LT(busy, seconds(7));
  EXPECT_GT(busy, seconds(5));
}

TEST(Pace, NoStepWaitsLongerThanTheLongestWait) {
  Pace pace;
  pace.spent(kStart, seconds(30));
  EXPECT_LE(pace.due(kStart), kStart + Pace::kLongestWait);
}

TEST(Pace, RecoversInQuietTimes) {
  Pace pace;
  pace.spent(kStart, seconds(1));
  const auto later = kStart + seconds(10);
  EXPECT_EQ(pace.due(later), later);
}

TEST(Pace, ConfirmsWhatWasPutBackOnceItIsQuiet) {
  Pace pace;
  pace.spent(kStart - seconds(60), milliseconds(0));
  EXPECT_EQ(pace.due_after_mending(kStart, kStart), kStart + Pace::kQuiet);
  EXPECT_EQ(pace.due_after_mending(kStart, kStart + milliseconds(100)),
            kStart + milliseconds(100) + Pace::kQuiet);
  EXPECT_EQ(pace.due_after_mending(kStart, kStart + seconds(5)), kStart + Pace::kLongestWait)
      << "a storm without end is looked at too";
}

TEST(Pace, ConfirmsSeldomWhatIsCostlyToLookAt) {
  Pace pace;
  pace.spent(kStart, milliseconds(10));
  EXPECT_EQ(pace.due_after_mending(kStart, kStart), kStart + seconds(3));
  pace.spent(kStart, milliseconds(500));
  EXPECT_EQ(pace.due_after_mending(kStart, kStart), kStart + Pace::kLongestRest);
}

TEST(Allowance, IsForAllOfThemAtOnceAndThenForATenthOfACore) {
  Allowance allowance;
  EXPECT_TRUE(allowance.take(100'000, 100'000, kStart));
  EXPECT_TRUE(allowance.take(100'000, 100'000, kStart)) << "a second time too";
  std::size_t taken = 0;
  for (auto now = kStart; now < kStart + seconds(10); now += milliseconds(1)) {
    for (int i = 0; i < 100; ++i) taken += allowance.take(1, 100'000, now) ? 1 : 0;
  }
  EXPECT_GE(taken, 10'000U);
  EXPECT_LE(taken, 12'000U);
}

TEST(Backoff, DoublesToItsLimitWithinHalfAndWholeAndStartsOver) {
  Backoff backoff(7);
  for (auto whole = Backoff::kFirst; whole <= Backoff::kLast * 2; whole *= 2) {
    const auto limit = std::min(whole, Backoff::kLast);
    const auto wait = backoff.next();
    EXPECT_GE(wait, limit / 2);
    EXPECT_LE(wait, limit);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), Backoff::kFirst);
}

TEST(RemovalGuard, HoldsEveryRemovalUntilASecondReadingAgrees) {
  RemovalGuard guard;
  const Desired desired{{testing::route("10.244.0.0/16", "10.240.0.1", 2)}, {}, true, {}};
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
  RemovalGuard guard;
  Desired desired{{testing::route("10.244.0.0/16", "10.240.0.1", 2)}, {}, true, {}};
  guard.want(desired, /*agreed=*/true);
  desired.down_device = 2;
  guard.want(desired, /*agreed=*/false);
  EXPECT_TRUE(guard.allows_removals());
}

}  // namespace
}  // namespace agent
