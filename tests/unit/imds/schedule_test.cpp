#include "imds/schedule.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <vector>

namespace imds {
// For readable failures; the name is GoogleTest's.
// NOLINTNEXTLINE(readability-identifier-naming)
static void PrintTo(const Pause& pause, std::ostream* out) {
  *out << pause.planned.count() << " ms planned, " << pause.asked.count() << " ms when asked";
}
}  // namespace imds

namespace {

using namespace std::chrono_literals;
using imds::Outcome;
using imds::Pause;
using imds::Schedule;
using std::chrono::milliseconds;

struct Step {
  Outcome outcome;
  milliseconds took;
  double random;
  Pause expected;
};

void replay(milliseconds interval, const std::vector<Step>& steps) {
  Schedule schedule(interval);
  int number = 0;
  for (const auto& [outcome, took, random, expected] : steps) {
    SCOPED_TRACE(number++);
    EXPECT_EQ(schedule.after(outcome, took, random), expected);
  }
}

TEST(Schedule, SuccessIsFollowedByThePollIntervalWithinAFifth) {
  replay(60s, {{Outcome::success, 0ms, 0.0, {48s, 5s}},
               {Outcome::success, 0ms, 0.5, {60s, 5s}},
               {Outcome::success, 0ms, 0.75, {66s, 5s}},
               {Outcome::success, 2s, 0.5, {58s, 3s}},
               {Outcome::success, 9s, 0.5, {51s, 0s}}});
}

TEST(Schedule, ASlowServiceIsNotAskedBackToBack) {
  replay(10s, {{Outcome::success, 9s, 0.0, {5s, 0s}}, {Outcome::success, 100s, 0.5, {5s, 0s}}});
}

TEST(Schedule, FailureBacksOffFromOneSecondToFifteen) {
  replay(60s, {{Outcome::failed, 0ms, 0.0, {1s, 1s}},
               {Outcome::failed, 0ms, 0.0, {2s, 2s}},
               {Outcome::failed, 0ms, 0.0, {4s, 4s}},
               {Outcome::failed, 0ms, 0.0, {8s, 5s}},
               {Outcome::failed, 0ms, 0.0, {12500ms, 5s}},
               {Outcome::failed, 0ms, 1.0, {15s, 5s}}});
}

TEST(Schedule, BackOffStartsAnewAfterASuccess) {
  replay(60s, {{Outcome::failed, 0ms, 0.0, {1s, 1s}},
               {Outcome::failed, 0ms, 0.0, {2s, 2s}},
               {Outcome::success, 0ms, 0.5, {60s, 5s}},
               {Outcome::failed, 0ms, 0.0, {1s, 1s}}});
}

TEST(Schedule, FailuresAfterASuccessAreRetriedSoonerThanThePollInterval) {
  Schedule schedule(24h);
  schedule.after(Outcome::success, 0ms, 0.5);
  for (int i = 0; i < 1000; ++i) EXPECT_LE(schedule.after(Outcome::failed, 0ms, 0.999).planned, 15s);
}

TEST(Schedule, TimeSpentInAFailedAttemptCountsAndASecondRemains) {
  replay(60s, {{Outcome::failed, 500ms, 0.0, {1s, 1s}},
               {Outcome::failed, 10s, 0.0, {1s, 1s}},
               {Outcome::failed, 3s, 0.0, {1s, 1s}},
               {Outcome::failed, 3s, 0.0, {5s, 2s}},
               {Outcome::failed, 10s, 0.0, {2500ms, 1s}}});
}

TEST(Schedule, ARecoveredServiceIsAskedWithin20SecondsEvenIfEveryAttemptHangsForTen) {
  Schedule schedule(60s);
  for (int i = 0; i < 100; ++i) {
    const auto start_to_start = 10s + schedule.after(Outcome::failed, 10s, 0.999).planned;
    EXPECT_LE(start_to_start, 15s);
  }
}

TEST(Schedule, AnUpdateOfSeventySecondsIsOutlasted) {
  Schedule schedule(60s);
  milliseconds elapsed{0};
  int attempts = 1;
  while (elapsed < 70s) {
    elapsed += schedule.after(Outcome::failed, 0ms, 0.5).planned;
    ++attempts;
  }
  EXPECT_LE(elapsed, 85s);
  EXPECT_LE(attempts, 12) << "more than the limit bears";
}

TEST(Schedule, ThrottlingIsNotCutShortByAsking) {
  replay(60s, {{Outcome::throttled, 0ms, 0.0, {1s, 1s}},
               {Outcome::throttled, 0ms, 0.0, {2s, 2s}},
               {Outcome::throttled, 0ms, 0.0, {4s, 4s}},
               {Outcome::throttled, 0ms, 0.0, {8s, 8s}},
               {Outcome::throttled, 0ms, 0.0, {12500ms, 12500ms}}});
}

TEST(Schedule, ARefusalIsRetriedSlowlyButBeforeTheFirstSuccessNeverAfterMoreThanFifteenSeconds) {
  replay(60s, {{Outcome::refused, 0ms, 0.0, {12500ms, 5s}},
               {Outcome::refused, 0ms, 1.0, {15s, 5s}},
               {Outcome::success, 0ms, 0.5, {60s, 5s}},
               {Outcome::refused, 0ms, 0.5, {60s, 5s}}});
}

TEST(Schedule, ANewPollIntervalCountsFromTheNextSuccess) {
  Schedule schedule(60s);
  schedule.set_poll_interval(10s);
  EXPECT_EQ(schedule.after(Outcome::success, 0ms, 0.5), (Pause{10s, 5s}));
}

TEST(Schedule, AskingNeverDelaysWhatIsPlanned) {
  for (const auto outcome : {Outcome::success, Outcome::failed, Outcome::throttled, Outcome::refused}) {
    for (const milliseconds took : {0ms, 1000ms, 4999ms, 20000ms}) {
      for (const double random : {0.0, 0.5, 0.999}) {
        Schedule schedule(1s);
        const auto pause = schedule.after(outcome, took, random);
        EXPECT_LE(pause.asked, pause.planned);
        EXPECT_GE(pause.asked, 0ms);
      }
    }
  }
}

}  // namespace
