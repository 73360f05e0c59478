#include "systemd/journal.h"

#include <gmock/gmock.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/unit/systemd/journald.h"

namespace {

using systemd::journal_attached;
using systemd::journal_send;
using systemd::JournalField;

TEST_F(JournalStream, IsTheDescriptorThatItsDeviceAndInodeName) {
  setenv("JOURNAL_STREAM", identity_of(ends_[1]).c_str(), 1);
  EXPECT_TRUE(journal_attached(ends_[1]));
  EXPECT_FALSE(journal_attached(STDIN_FILENO));
}

TEST_F(JournalStream, IsNotWhatOnlyLooksLikeIt) {
  const auto identity = identity_of(ends_[1]);
  for (const auto& other : {identity + "0", "1" + identity, identity.substr(0, identity.find(':')),
                            std::string(), std::string(":"), " " + identity}) {
    setenv("JOURNAL_STREAM", other.c_str(), 1);
    EXPECT_FALSE(journal_attached(ends_[1])) << other;
  }
  unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(journal_attached(ends_[1]));
}

TEST_F(JournalStream, OfAServiceThatWasStartedWithoutJournaldIsDevNull) {
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  setenv("SYSTEMD_EXEC_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_TRUE(systemd::journal_was_away(null));
  EXPECT_FALSE(systemd::journal_was_away(ends_[1]));
  setenv("SYSTEMD_EXEC_PID", std::to_string(getppid()).c_str(), 1);  // a service's child, with 2>/dev/null
  EXPECT_FALSE(systemd::journal_was_away(null));
  unsetenv("SYSTEMD_EXEC_PID");
  EXPECT_FALSE(systemd::journal_was_away(null));
  close(null);
}

TEST_F(JournalStream, IsNoClosedDescriptor) {
  setenv("JOURNAL_STREAM", identity_of(ends_[1]).c_str(), 1);
  EXPECT_FALSE(journal_attached(1'000'000));
}

TEST_F(Journald, ReceivesMessagePriorityAndFields) {
  listen();
  const std::array fields = {JournalField{"SYSLOG_IDENTIFIER", "x"}, JournalField{"A_B", "1=2"}};
  EXPECT_TRUE(journal_send(4, "two words", fields));
  EXPECT_EQ(received(), "MESSAGE=two words\nPRIORITY=4\nSYSLOG_IDENTIFIER=x\nA_B=1=2\n");
  EXPECT_EQ(received(), "");
}

TEST_F(Journald, TakesLineBreaksAsPartOfAValue) {
  listen();
  const std::array fields = {JournalField{"SYSLOG_IDENTIFIER", "x"}};
  EXPECT_TRUE(journal_send(6, "a\nPRIORITY=0", fields));
  const std::string length("\x0c\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(received(), "MESSAGE\n" + length + "a\nPRIORITY=0\nPRIORITY=6\nSYSLOG_IDENTIFIER=x\n");
}

TEST_F(Journald, GetsWhatNoDatagramHoldsAsASealedFile) {
  listen();
  const std::string message(std::size_t{8} << 20, 'x');
  const std::array fields = {JournalField{"SYSLOG_IDENTIFIER", "x"}};
  ASSERT_TRUE(journal_send(6, message, fields));
  int file = -1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof file)> control{};
  msghdr datagram{};
  datagram.msg_control = control.data();
  datagram.msg_controllen = control.size();
  ASSERT_EQ(recvmsg(socket_, &datagram, 0), 0);
  ASSERT_NE(CMSG_FIRSTHDR(&datagram), nullptr);
  std::memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&datagram)), sizeof file);
  const auto wanted = "MESSAGE=" + message + "\nPRIORITY=6\nSYSLOG_IDENTIFIER=x\n";
  std::string entry(wanted.size() + 1, '\0');
  EXPECT_EQ(pread(file, entry.data(), entry.size(), 0), static_cast<ssize_t>(wanted.size()));
  EXPECT_TRUE(entry.starts_with(wanted));
  EXPECT_EQ(write(file, "x", 1), -1);
  close(file);
}

TEST_F(Journald, ThatDoesNotReadIsAnErrorNotAWait) {
  listen();
  net::Result<void> sent;
  while (sent) sent = journal_send(6, "x", {});
  EXPECT_EQ(sent.error().code, std::errc::resource_unavailable_try_again);
  while (!received().empty()) {
  }
  EXPECT_TRUE(journal_send(6, "y", {}));
}

TEST_F(Journald, ThatIsAbsentIsAnError) {
  const auto sent = journal_send(6, "x", {});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, std::errc::no_such_file_or_directory);
}

}  // namespace
