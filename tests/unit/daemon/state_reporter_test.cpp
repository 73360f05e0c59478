// What the service manager and the readers of /run/calico-azure-agent are told, and in which order.
#include "agent/daemon/state_reporter.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "tests/support/folder.h"
#include "tests/support/service_manager.h"

namespace {

namespace fs = std::filesystem;
using agent::StateReporter;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class StateReporterTest : public testing::Test {
 protected:
  ~StateReporterTest() override { unsetenv("WATCHDOG_USEC"); }

  [[nodiscard]] std::vector<std::string> told() const { return manager_.all_received(); }
  [[nodiscard]] bool has(const char* file) const { return fs::exists(runtime_ / file); }
  /// No file can be written: its folder is none.
  void break_the_folder() const {
    fs::remove_all(runtime_ / "state");
    std::ofstream(runtime_ / "state") << "a file";
  }
  void mend_the_folder() const {
    fs::remove(runtime_ / "state");
    fs::create_directory(runtime_ / "state");
  }
  [[nodiscard]] std::string log() const { return test_support::contents(runtime_ / "log"); }

  test_support::Folder runtime_;
  test_support::ServiceManager manager_;
  agent::Log log_{core::LogLevel::info, agent::LogFormat::text,
                  ::open((runtime_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
};

TEST_F(StateReporterTest, TheReadyFileIsThereWhileTheNodeIsReady) {
  StateReporter reporter(runtime_, log_);
  EXPECT_FALSE(reporter.has_been_ready());
  reporter.ready(net::WallTime{});
  EXPECT_TRUE(has("ready"));
  reporter.not_ready();
  EXPECT_FALSE(has("ready"));
  EXPECT_TRUE(reporter.has_been_ready());
  EXPECT_THAT(told(), IsEmpty()) << "the service manager hears of READY=1 by another word";
}

TEST_F(StateReporterTest, AReloadIsCompleteOnlyOnceTheStartIs) {
  StateReporter reporter(runtime_, log_);
  reporter.reloading();
  EXPECT_THAT(told(), ElementsAre(testing::StartsWith("RELOADING=1")));
  reporter.reloaded();
  EXPECT_THAT(told(), IsEmpty()) << "READY=1 would end the start";
  EXPECT_FALSE(reporter.is_started());
  reporter.service_is_ready();
  reporter.reloading();
  reporter.reloaded();
  EXPECT_THAT(told(), ElementsAre("READY=1", testing::StartsWith("RELOADING=1"), "READY=1"));
}

TEST_F(StateReporterTest, TheSameStatusIsToldOnce) {
  StateReporter reporter(runtime_, log_);
  reporter.status("waiting for IMDS");
  reporter.status("waiting for IMDS");
  reporter.status("ready");
  EXPECT_THAT(told(), ElementsAre("STATUS=waiting for IMDS", "STATUS=ready"));
}

TEST_F(StateReporterTest, AFileThatCannotBeWrittenIsLoggedOnceAndWrittenWithALaterBeat) {
  mend_the_folder();
  StateReporter reporter(runtime_ / "state", log_);
  break_the_folder();
  reporter.ready(net::WallTime{});
  reporter.listens_at(*net::parse_listen("127.0.0.1:16925"));
  reporter.beat();
  EXPECT_EQ(std::ranges::count(log(), '\n'), 2) << log();
  EXPECT_EQ(reporter.until_next_beat(), seconds(20)) << "sooner than that of a ready node";
  mend_the_folder();
  reporter.beat();
  EXPECT_TRUE(has("state/ready"));
  EXPECT_TRUE(has("state/listening"));
  EXPECT_EQ(reporter.until_next_beat(), seconds(70));
}

TEST_F(StateReporterTest, AReadyFileThatIsOwedNoLongerIsNotWritten) {
  mend_the_folder();
  StateReporter reporter(runtime_ / "state", log_);
  break_the_folder();
  reporter.ready(net::WallTime{});
  reporter.not_ready();
  mend_the_folder();
  reporter.beat();
  EXPECT_FALSE(has("state/ready"));
}

TEST_F(StateReporterTest, WhatSomebodyRemovesComesBackWithTheNextBeat) {
  StateReporter reporter(runtime_, log_);
  reporter.ready(net::WallTime{});
  reporter.listens_at(*net::parse_listen("127.0.0.1:16925"));
  fs::remove(runtime_ / "ready");
  fs::remove(runtime_ / "listening");
  reporter.beat();
  EXPECT_TRUE(has("ready"));
  EXPECT_TRUE(has("listening"));
}

TEST_F(StateReporterTest, AStartThatTakesLongIsExtendedUntilItIsReady) {
  StateReporter reporter(runtime_, log_);
  reporter.beat();
  EXPECT_THAT(told(), ElementsAre("EXTEND_TIMEOUT_USEC=60000000"));
  reporter.service_is_ready();
  reporter.beat();
  EXPECT_THAT(told(), ElementsAre("READY=1"));
}

TEST_F(StateReporterTest, BeatsAreAsFrequentAsTheWatchdogAsks) {
  setenv("WATCHDOG_USEC", "10000000", 1);
  StateReporter reporter(runtime_, log_);
  reporter.ready(net::WallTime{});
  EXPECT_EQ(reporter.until_next_beat(), seconds(5));
  reporter.service_is_ready();
  reporter.beat();
  EXPECT_THAT(told(), ElementsAre("READY=1", "WATCHDOG=1"));
}

TEST_F(StateReporterTest, WhoStopsLeavesNoFile) {
  StateReporter reporter(runtime_, log_);
  reporter.ready(net::WallTime{});
  reporter.listens_at(*net::parse_listen("127.0.0.1:16925"));
  reporter.stopping();
  EXPECT_FALSE(has("ready"));
  EXPECT_FALSE(has("listening"));
  EXPECT_THAT(told(), ElementsAre("STOPPING=1"));
}

}  // namespace
