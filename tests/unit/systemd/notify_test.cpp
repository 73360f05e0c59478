#include "systemd/notify.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/service_manager.h"

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using systemd::Notifier;

class ServiceManager : public testing::Test {
 protected:
  [[nodiscard]] std::string received() const { return manager_.received(); }

  test_support::ServiceManager manager_;
  Notifier notifier_;
};

TEST_F(ServiceManager, HearsEachStateExactly) {
  EXPECT_TRUE(Notifier::attached());
  EXPECT_TRUE(notifier_.ready());
  EXPECT_EQ(received(), "READY=1");
  EXPECT_TRUE(notifier_.stopping());
  EXPECT_EQ(received(), "STOPPING=1");
  EXPECT_TRUE(notifier_.watchdog());
  EXPECT_EQ(received(), "WATCHDOG=1");
  EXPECT_TRUE(notifier_.extend_timeout(std::chrono::seconds(30)));
  EXPECT_EQ(received(), "EXTEND_TIMEOUT_USEC=30000000");
  EXPECT_EQ(received(), "");
}

TEST_F(ServiceManager, StatusIsOneLineThatAssignsNothingElse) {
  EXPECT_TRUE(notifier_.status("2 routes, ready 100 %"));
  EXPECT_EQ(received(), "STATUS=2 routes, ready 100 %");
  EXPECT_TRUE(notifier_.status("waiting\nREADY=1\x1b[m é"));
  EXPECT_EQ(received(), "STATUS=waiting READY=1 [m é");
}

TEST_F(ServiceManager, ReloadingCarriesTheMonotonicTime) {
  const auto monotonic_microseconds = [] {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
  };
  const auto before = monotonic_microseconds();
  EXPECT_TRUE(notifier_.reloading());
  const auto after = monotonic_microseconds();
  const auto message = received();
  const std::string expected = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_THAT(message, testing::StartsWith(expected));
  const auto said = std::stoll(message.substr(expected.size()));
  EXPECT_LE(before, said);
  EXPECT_LE(said, after);
}

TEST_F(ServiceManager, ThatIsGoneIsAnErrorWhichNamesTheMessage) {
  manager_.go_away();
  const auto sent = notifier_.reloading();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, std::errc::no_such_file_or_directory);
  EXPECT_EQ(sent.error().what, "the service manager did not get RELOADING=1: No such file or directory");
}

TEST_F(ServiceManager, ThatDoesNotReadHearsTheNewestOfEachKindLater) {
  std::vector<std::string> received_messages;
  const auto listen = [&] {
    for (auto message = received(); !message.empty(); message = received())
      received_messages.push_back(message);
  };
  while (notifier_.status("early")) {
  }
  EXPECT_TRUE(notifier_.waiting());
  const auto sent = notifier_.ready();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, std::errc::resource_unavailable_try_again);
  EXPECT_THAT(sent.error().what, testing::EndsWith("; kept until it does"));
  EXPECT_FALSE(notifier_.status("stale"));
  EXPECT_FALSE(notifier_.status("newest"));
  listen();
  received_messages.clear();
  EXPECT_TRUE(notifier_.watchdog());
  EXPECT_FALSE(notifier_.waiting());
  listen();
  EXPECT_THAT(received_messages, testing::ElementsAre("READY=1", "STATUS=newest", "WATCHDOG=1"));
}

TEST_F(ServiceManager, MayListenOnAnAbstractSocket) {
  const auto name = "@caa-notify-" + std::to_string(getpid());
  const int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(static_cast<char*>(address.sun_path), name.size());
  address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ASSERT_EQ(bind(other, reinterpret_cast<const sockaddr*>(&address), length), 0);
  setenv("NOTIFY_SOCKET", name.c_str(), 1);
  EXPECT_TRUE(notifier_.ready());
  std::array<char, 16> buffer{};
  EXPECT_EQ(recv(other, buffer.data(), buffer.size(), 0), 7);
  close(other);
}

TEST_F(ServiceManager, WithoutASocketNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_FALSE(Notifier::attached());
  EXPECT_TRUE(notifier_.ready());
  EXPECT_TRUE(notifier_.status("x"));
  EXPECT_TRUE(notifier_.reloading());
  EXPECT_EQ(received(), "");
}

TEST_F(ServiceManager, WatchdogIsDueTwiceInItsTime) {
  setenv("WATCHDOG_USEC", "60000000", 1);
  EXPECT_EQ(notifier_.watchdog_interval(), milliseconds(30'000));
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(notifier_.watchdog_interval(), microseconds(30'000'000));
}

TEST_F(ServiceManager, WatchdogOfNobodyOrOfAnotherProcessIsNotDue) {
  EXPECT_EQ(notifier_.watchdog_interval(), std::nullopt);
  setenv("WATCHDOG_USEC", "0", 1);
  EXPECT_EQ(notifier_.watchdog_interval(), std::nullopt);
  setenv("WATCHDOG_USEC", "60000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getppid()).c_str(), 1);
  EXPECT_EQ(notifier_.watchdog_interval(), std::nullopt);
  setenv("WATCHDOG_PID", "garbage", 1);
  EXPECT_EQ(notifier_.watchdog_interval(), std::nullopt);
}

}  // namespace
