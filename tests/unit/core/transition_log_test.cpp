// A node whose state comes and goes hundreds of times a second does not fill the journal.
#include "core/transition_log.h"

#include <gmock/gmock.h>

#include <memory>

namespace {

using checks::CheckResult;
using checks::CheckStatus;
using core::Phase;
using core::Snapshot;
using core::TransitionLog;
using net::MonoTime;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr auto kAtOnce = static_cast<int>(TransitionLog::kAtOnce);

std::shared_ptr<const Snapshot> node(bool ready) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->sequence = 1;
  snapshot->ready = ready;
  snapshot->checks.push_back(CheckResult{.id = "routes.in_sync",
                                         .status = ready ? CheckStatus::pass : CheckStatus::fail,
                                         .gate = true,
                                         .message = ready ? "all" : "one is another's",
                                         .why = "",
                                         .remedy = ""});
  return snapshot;
}

class TransitionLogTest : public testing::Test {
 protected:
  TransitionLogTest() { (void)see(true); }
  std::vector<std::string> see(bool ready) {
    std::vector<std::string> lines;
    for (const auto& event : log_.see(node(ready), Phase::running, now_)) lines.push_back(event.message);
    return lines;
  }
  void use_up() {
    for (int i = 1; i < kAtOnce; ++i) (void)see(i % 2 == 0);
  }

  TransitionLog log_;
  MonoTime now_ = MonoTime{} + std::chrono::hours(1);
};

TEST_F(TransitionLogTest, TellsTheFirstChangesAtOnce) {
  for (int i = 1; i < kAtOnce; ++i) {
    EXPECT_EQ(see(i % 2 == 0).size(), 2U) << i;
    EXPECT_EQ(log_.due(), std::nullopt);
  }
}

TEST_F(TransitionLogTest, ThenOnceASecondWhatIsDifferentAndHowManyWerePassedOver) {
  use_up();  // not ready
  std::size_t lines = 0;
  for (int i = 0; i < 6000; ++i) {
    now_ += milliseconds(1);
    lines += see(i % 2 == 0).size();
  }
  EXPECT_LE(lines, 6U * 3U);
  EXPECT_GE(lines, 5U);
}

TEST_F(TransitionLogTest, TheLastStateIsToldThoughNothingChangesAnyMore) {
  use_up();
  ASSERT_EQ(see(true).size(), 0U);
  ASSERT_EQ(log_.due(), now_ + TransitionLog::kPause);
  now_ = *log_.due();
  const auto lines = see(true);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1], "ready");
  EXPECT_THAT(lines[2], HasSubstr("not written down: 1"));
  EXPECT_EQ(log_.due(), std::nullopt);
  EXPECT_EQ(see(true).size(), 0U);
}

TEST_F(TransitionLogTest, WhatCameBackMeanwhileIsOneLine) {
  use_up();
  (void)see(true);
  (void)see(false);
  now_ += TransitionLog::kPause;
  EXPECT_THAT(see(false), testing::ElementsAre(HasSubstr("not written down: 2")));
}

TEST_F(TransitionLogTest, AfterAQuietWhileTheFirstOnesAreToldAgain) {
  use_up();
  now_ += TransitionLog::kPause * kAtOnce;
  for (int i = 0; i < kAtOnce; ++i) EXPECT_EQ(see(i % 2 == 0).size(), 2U) << i;
}

TEST_F(TransitionLogTest, NothingIsPassedOverWhileItStarts) {
  use_up();
  EXPECT_FALSE(log_.see(node(true), Phase::started, now_).empty());
}

}  // namespace
