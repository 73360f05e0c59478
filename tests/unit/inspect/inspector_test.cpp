// When the node environment is inspected, and that what is seen is delivered.
#include "agent/inspect/inspector.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>
#include <vector>

namespace {

using agent::InspectionSchedule;
using agent::InspectionTarget;
using agent::Inspector;
using namespace std::chrono_literals;

constexpr InspectionSchedule::Time kStart{100h};

/// After a look from kStart on that took so long, and so much of it on a processor.
InspectionSchedule after_a_look(InspectionSchedule::Time::duration took,
                                InspectionSchedule::Time::duration used) {
  InspectionSchedule schedule;
  schedule.request();
  schedule.begin();
  schedule.end(kStart + took, used);
  return schedule;
}

TEST(InspectionSchedule, TheFirstLookIsDueAtOnce) { EXPECT_LE(InspectionSchedule().due(), kStart); }

TEST(InspectionSchedule, WithoutACauseALookIsDueAMinuteAfterTheLast) {
  EXPECT_EQ(after_a_look(1ms, 1ms).due(), kStart + 1ms + 60s);
}

TEST(InspectionSchedule, WhileNothingFailsItLooksMoreAndMoreSeldomUpToEveryFiveMinutes) {
  auto schedule = after_a_look(1ms, 1ms);
  schedule.set_calm(true);
  auto last = kStart + 1ms;
  for (const auto& interval : {60s, 120s, 240s, 300s, 300s}) {
    EXPECT_EQ(schedule.due(), last + interval);
    last = schedule.due();
    schedule.begin();
    schedule.end(last, 1ms);
  }
}

TEST(InspectionSchedule, AFailureBringsTheNextLookForwardAndACauseTheShortIntervalBack) {
  auto schedule = after_a_look(1ms, 1ms);
  schedule.set_calm(true);
  const auto last = kStart + 10min;
  for (int i = 0; i < 3; ++i) {
    schedule.begin();
    schedule.end(last, 1ms);
  }
  ASSERT_EQ(schedule.due(), last + 300s);
  schedule.set_calm(false);
  EXPECT_EQ(schedule.due(), last + 60s);
  schedule.set_calm(true);
  EXPECT_EQ(schedule.due(), last + 300s);
  schedule.request();
  schedule.begin();
  schedule.end(last + 20s, 1ms);
  EXPECT_EQ(schedule.due(), last + 80s) << "whoever has begun to change a node is not done yet";
}

TEST(InspectionSchedule, RulesAreComparedAMinuteAfterALookAndAfterEachComparison) {
  auto schedule = after_a_look(1ms, 1ms);
  EXPECT_EQ(schedule.glance_due(), kStart + 1ms + 60s);
  schedule.glance(kStart + 2min);
  EXPECT_EQ(schedule.glance_due(), kStart + 3min);
}

TEST(InspectionSchedule, ACauseIsLookedIntoAfterFiveSeconds) {
  auto schedule = after_a_look(1ms, 1ms);
  schedule.request();
  EXPECT_EQ(schedule.due(), kStart + 1ms + 5s);
}

TEST(InspectionSchedule, ALookThatWaitedForOthersNeedsNoLongerRest) {
  auto schedule = after_a_look(3s, 10ms);
  schedule.request();
  EXPECT_EQ(schedule.due(), kStart + 3s + 5s);
}

TEST(InspectionSchedule, AfterACostlyLookTheRestIsTwentyTimesAsLongWhateverTheCause) {
  auto schedule = after_a_look(2s, 2s);
  schedule.request();
  EXPECT_EQ(schedule.due(), kStart + 2s + 40s);
  EXPECT_EQ(after_a_look(4s, 4s).due(), kStart + 4s + 80s) << "longer than the interval";
}

TEST(InspectionSchedule, ACauseThatComesWhileALookIsUnderWayCountsForTheNext) {
  InspectionSchedule schedule;
  schedule.request();
  schedule.begin();
  schedule.request();
  schedule.end(kStart + 1ms, 1ms);
  EXPECT_EQ(schedule.due(), kStart + 1ms + 5s);
}

/// A look that sees nothing but what it was aimed at.
observed::NodeEnvironment look_at(const InspectionTarget& aim) {
  observed::NodeEnvironment seen;
  seen.pod_sysctls.emplace(aim.nic, net::Result<std::string>("1"));
  return seen;
}

template <typename Look>
Inspector::Eyes eyes(Look look) {
  return {.look = std::move(look), .rules_have_changed = [] { return false; }};
}

TEST(Inspector, LooksAtTheTargetThatItIsGivenAndDeliversWhatItSees) {
  std::promise<observed::NodeEnvironment> delivered;
  const auto before = std::chrono::steady_clock::now();
  Inspector inspector([&](observed::NodeEnvironment seen) { delivered.set_value(std::move(seen)); },
                      eyes([&](const InspectionTarget& aim, std::chrono::steady_clock::time_point finish_by) {
                        EXPECT_GE(finish_by, before + 3s);
                        return look_at(aim);
                      }));
  inspector.aim({.mode = node::Mode::flannel, .nic = "eth7"});
  EXPECT_TRUE(delivered.get_future().get().pod_sysctls.contains("eth7"));
}

TEST(Inspector, WithoutATargetItLooksAtNothingWhateverHasChanged) {
  {
    Inspector inspector([](const observed::NodeEnvironment&) { ADD_FAILURE() << "nobody said at what"; },
                        eyes([](const InspectionTarget& aim, auto) { return look_at(aim); }));
    inspector.request_inspection();
  }
}

TEST(Inspector, MayBeAskedWhileItLooks) {
  std::promise<void> looking;
  std::promise<void> asked;
  Inspector inspector([](const observed::NodeEnvironment&) {}, eyes([&](const InspectionTarget& aim, auto) {
                        looking.set_value();
                        asked.get_future().wait();
                        return look_at(aim);
                      }));
  inspector.aim({.mode = node::Mode::udr, .nic = "eth0"});
  looking.get_future().wait();
  inspector.aim({.mode = node::Mode::udr, .nic = "eth1"});
  inspector.request_inspection();
  asked.set_value();
}

}  // namespace
