#include <gmock/gmock.h>

#include "agent/log/log.h"
#include "tests/unit/systemd/journald.h"

namespace {

TEST_F(Journald, HearsTheLogWhenStandardErrorLeadsThere) {
  listen();
  setenv("JOURNAL_STREAM", identity_of(ends_[1]).c_str(), 1);
  const agent::Log log(core::LogLevel::debug, agent::LogFormat::automatic, ends_[1]);
  log.write({.kind = core::EventKind::check_failed,
             .level = core::LogLevel::warn,
             .message = "ip_forward\nis 0",
             .fields = {{"CHECK", "sysctl.ip_forward"}}});
  EXPECT_EQ(received(),
            "MESSAGE=ip_forward\\nis 0\nPRIORITY=4\nSYSLOG_IDENTIFIER=calico-azure-agent\n"
            "MESSAGE_ID=efae2ad1c16b4d56b5e1b63b864d8a8d\nAGENT_CHECK=sysctl.ip_forward\n");
  log.debug("d");
  EXPECT_THAT(received(), testing::StartsWith("MESSAGE=d\nPRIORITY=7\n"));
  log.info("i");
  EXPECT_THAT(received(), testing::StartsWith("MESSAGE=i\nPRIORITY=6\n"));
  log.error("e");
  EXPECT_THAT(received(), testing::StartsWith("MESSAGE=e\nPRIORITY=3\n"));
  log.trace("hidden");
  EXPECT_EQ(received(), "");
  std::array<char, 16> stream{};
  EXPECT_EQ(read(ends_[0], stream.data(), stream.size()), -1) << "also written to standard error";
}

TEST_F(Journald, HearsWhyADaemonDoesNotStart) {
  listen();
  setenv("JOURNAL_STREAM", identity_of(STDERR_FILENO).c_str(), 1);
  agent::complain(core::EventKind::start_refused, "another one runs");
  EXPECT_EQ(received(),
            "MESSAGE=another one runs\nPRIORITY=3\nSYSLOG_IDENTIFIER=calico-azure-agent\n"
            "MESSAGE_ID=19ffce940c094f21af331dc253ec3fd2\n");
  unsetenv("JOURNAL_STREAM");
  testing::internal::CaptureStderr();
  agent::complain(core::EventKind::start_refused, "another one runs");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "another one runs\n");
  EXPECT_EQ(received(), "");
}

TEST_F(Journald, ThatIsAbsentLosesNothing) {
  agent::Log(core::LogLevel::info, agent::LogFormat::journal, ends_[1]).info("kept");
  std::array<char, 256> stream{};
  const auto count = read(ends_[0], stream.data(), stream.size());
  ASSERT_GT(count, 0);
  EXPECT_THAT(std::string(stream.data(), static_cast<std::size_t>(count)), testing::EndsWith(" info kept\n"));
}

}  // namespace
