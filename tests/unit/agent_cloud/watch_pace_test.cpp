#include "agent/cloud/watch_pace.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace agent {
namespace {

using namespace std::chrono_literals;
using Duration = WatchPace::Duration;

constexpr std::uint32_t kSeed = 7;

/// The pauses after the same end, time after time.
std::vector<Duration> pauses(int code, Duration lasted, int times) {
  WatchPace budget(kSeed);
  std::vector<Duration> all;
  for (int i = 0; i < times; ++i) all.push_back(budget.after_watch(code, lasted));
  return all;
}

Duration total(const std::vector<Duration>& all) {
  return std::accumulate(all.begin(), all.end(), Duration{});
}

TEST(WatchPace, AWatchThatEndsAtOnceAgainAndAgainIsAskedForLessAndLess) {
  for (const int code : {0, ESTALE, ECONNRESET, EAGAIN, EBADMSG, ENOENT, EBUSY}) {
    for (const Duration lasted : {0ms, 20ms, 29'999ms}) {
      const auto all = pauses(code, lasted, 12);
      EXPECT_GE(all.front(), routing::Backoff::kFirst / 2) << code;
      EXPECT_GE(all.back(), routing::Backoff::kLast / 2) << code;
      EXPECT_GE(total(all), 60s) << code << " after " << lasted.count();
    }
  }
}

TEST(WatchPace, AfterOneThatLastedTheNextIsAskedForAtOnce) {
  for (const Duration lasted : {30'000ms, 300'000ms, 3'600'000ms}) {
    EXPECT_EQ(pauses(0, lasted, 3), (std::vector<Duration>{0ms, 0ms, 0ms}));
    EXPECT_EQ(pauses(ESTALE, lasted, 3), (std::vector<Duration>{0ms, 0ms, 0ms}));
    EXPECT_LE(pauses(ECONNRESET, lasted, 5).back(), routing::Backoff::kFirst) << "a broken one begins anew";
  }
}

TEST(WatchPace, OnlyOneThatLastedForgetsThoseThatDidNot) {
  WatchPace budget(kSeed);
  for (int i = 0; i < 12; ++i) budget.after_watch(ESTALE, 1ms);
  EXPECT_GE(budget.after_watch(0, 1s), routing::Backoff::kLast / 2);
  EXPECT_EQ(budget.after_watch(0, 31s), 0ms);
  EXPECT_LE(budget.after_watch(0, 1s), routing::Backoff::kFirst);
}

TEST(WatchPace, WhoMayNotWatchAsksEveryMinute) {
  EXPECT_EQ(pauses(EACCES, 0ms, 3), (std::vector<Duration>{60s, 60s, 60s}));
}

TEST(WatchPace, FailuresAndShortWatchesCountTogether) {
  WatchPace budget(kSeed);
  EXPECT_EQ(budget.after_failure(), 1s);
  for (int i = 0; i < 12; ++i) budget.after_watch(0, 1ms);
  EXPECT_GE(budget.after_failure(), routing::Backoff::kLast / 2);
}

}  // namespace
}  // namespace agent
