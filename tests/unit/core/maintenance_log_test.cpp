#include "core/maintenance_log.h"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using core::MaintenanceLog;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Events = net::Result<std::vector<observed::Maintenance>>;

observed::Maintenance freeze(bool started) {
  return {.id = "F1",
          .type = observed::MaintenanceType::freeze,
          .started = started,
          .vms = {"other", "VM1"},
          .not_before =
              started ? std::nullopt : std::optional(std::chrono::system_clock::time_point(1798761600s)),
          .duration = 9s,
          .source = "Platform",
          .description = "Virtual machine is being paused."};
}

std::vector<checks::CheckResult> failing(const std::vector<std::string>& ids) {
  std::vector<checks::CheckResult> checks(1 + ids.size());
  checks.front().status = checks::CheckStatus::pass;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    checks[i + 1].id = ids[i];
    checks[i + 1].status = checks::CheckStatus::fail;
  }
  return checks;
}

std::vector<std::string> told_by(const std::vector<core::LogEvent>& events) {
  std::vector<std::string> messages;
  for (const auto& each : events) messages.push_back(each.message);
  return messages;
}

const net::MonoTime kStart{1h};

TEST(MaintenanceLog, TellsOfThisVmAloneAndOnce) {
  MaintenanceLog log;
  const Events events = std::vector{freeze(false)};
  EXPECT_THAT(log.take(events, "vm2", failing({}), kStart), IsEmpty());
  EXPECT_THAT(log.list(), IsEmpty());
  EXPECT_THAT(told_by(log.take(events, "vm1", failing({}), kStart)),
              ElementsAre("Azure announces Freeze of this VM, not before 2027-01-01T00:00:00.000Z, for 9 s "
                          "(Platform): Virtual machine is being paused."));
  EXPECT_THAT(log.take(events, "vm1", failing({}), kStart), IsEmpty());
  EXPECT_EQ(log.list().size(), 1U);
  EXPECT_FALSE(log.holds(kStart)) << "it has not begun";
  EXPECT_THAT(told_by(log.take(Events(std::vector<observed::Maintenance>{}), "vm1", failing({}), kStart)),
              ElementsAre("Azure no longer announces Freeze of this VM"));
}

TEST(MaintenanceLog, HoldsWhileItIsUnderWayAndSaysWhatHasNotComeBack) {
  MaintenanceLog log;
  EXPECT_THAT(told_by(log.take(Events(std::vector{freeze(true)}), "vm1", failing({"old"}), kStart)),
              ElementsAre(testing::StartsWith("Azure has begun Freeze of this VM, for 9 s")));
  EXPECT_TRUE(log.holds(kStart + 1s));
  log.take(Events(std::vector<observed::Maintenance>{}), "vm1", failing({"old", "nic.vf"}), kStart + 12s);
  EXPECT_TRUE(log.holds(kStart + 13s)) << "it takes a while until everything is back";
  EXPECT_EQ(log.see(failing({"old", "nic.vf"}), kStart + 13s), std::nullopt);
  ASSERT_EQ(log.due(), kStart + 12s + MaintenanceLog::kUntilBack);
  const auto told = log.see(failing({"old", "nic.vf"}), *log.due());
  ASSERT_TRUE(told);
  EXPECT_EQ(told->message, "Freeze of this VM is over after 12 s: not in order since then: nic.vf");
  EXPECT_EQ(told->level, core::LogLevel::warn);
  EXPECT_FALSE(log.holds(kStart + 1h));
  EXPECT_EQ(log.due(), std::nullopt);
}

TEST(MaintenanceLog, SaysSoWhereEverythingIsBack) {
  MaintenanceLog log;
  log.take(Events(std::vector{freeze(true)}), "vm1", failing({"old"}), kStart);
  log.take(Events(std::vector<observed::Maintenance>{}), "vm1", failing({"old"}), kStart + 9s);
  const auto told = log.see(failing({"old"}), *log.due());
  ASSERT_TRUE(told);
  EXPECT_THAT(told->message, HasSubstr("everything that was in order is so again"));
}

TEST(MaintenanceLog, HoldsNothingForeverAndStillTellsTheEnd) {
  MaintenanceLog log;
  log.take(Events(std::vector{freeze(true)}), "vm1", failing({}), kStart);
  const auto tired = kStart + MaintenanceLog::kLongestHold;
  EXPECT_FALSE(log.holds(tired));
  EXPECT_EQ(log.see(failing({"nic.vf"}), tired), std::nullopt) << "it goes on";
  log.take(Events(std::vector<observed::Maintenance>{}), "vm1", failing({"nic.vf"}), tired + 10min);
  ASSERT_TRUE(log.due());
  EXPECT_TRUE(log.see(failing({"nic.vf"}), *log.due()));
}

TEST(MaintenanceLog, AnOutageOfTheServiceIsToldOnceAndForgetsNothing) {
  MaintenanceLog log;
  log.take(Events(std::vector{freeze(true)}), "vm1", failing({}), kStart);
  const Events refused = net::failure(ETIMEDOUT, "no answer");
  EXPECT_THAT(told_by(log.take(refused, "vm1", failing({}), kStart + 1s)),
              ElementsAre("Scheduled Events are not known: no answer"));
  EXPECT_THAT(log.take(refused, "vm1", failing({}), kStart + 2s), IsEmpty());
  EXPECT_EQ(log.list().size(), 1U);
  EXPECT_TRUE(log.holds(kStart + 2s));
}

}  // namespace
