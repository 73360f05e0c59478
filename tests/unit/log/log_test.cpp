#include "agent/log/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using agent::Log;
using agent::LogFormat;
using core::LogLevel;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

/// Reads what the other end has written so far.
std::string drained(int descriptor) {
  std::string all;
  std::array<char, 65536> part{};
  for (ssize_t count = 0; (count = read(descriptor, part.data(), part.size())) > 0;) {
    all.append(part.data(), static_cast<std::size_t>(count));
  }
  return all;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

class LogTest : public testing::Test {
 protected:
  LogTest() {
    unsetenv("JOURNAL_STREAM");
    unsetenv("NO_COLOR");
    if (pipe2(ends_.data(), O_NONBLOCK) != 0) ADD_FAILURE() << "no pipe";
  }
  ~LogTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  [[nodiscard]] Log log(LogLevel level, LogFormat format) const { return {level, format, ends_[1]}; }
  [[nodiscard]] std::vector<std::string> written() const { return lines(drained(ends_[0])); }

  std::array<int, 2> ends_{};
};

// POSIX basic: \. for a dot; gtest's own engine knows no {n}.
constexpr const char* kTime =
    "20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\.[0-9][0-9][0-9]Z";

TEST_F(LogTest, TextIsTimeLevelAndMessage) {
  const auto log = this->log(LogLevel::trace, LogFormat::text);
  log.trace("one");
  log.debug("two");
  log.write({.message = "three", .fields = {{"CHECK", "nic.found"}}});
  log.warn("four");
  log.error("five");
  const std::string time = kTime;
  EXPECT_THAT(written(), ElementsAre(MatchesRegex(time + " trace one"), MatchesRegex(time + " debug two"),
                                     MatchesRegex(time + " info three"), MatchesRegex(time + " warn four"),
                                     MatchesRegex(time + " error five")));
}

TEST_F(LogTest, TimeIsNowAndUtc) {
  const auto stamp = [] {
    // Not time(): its clock is the kernel's last tick, which may be of the second before.
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 32> text{};
    return std::string(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc));
  };
  setenv("TZ", "Asia/Kathmandu", 1);
  tzset();
  const auto before = stamp();
  log(LogLevel::info, LogFormat::text).info("x");
  const auto after = stamp();
  const auto line = written().at(0);
  EXPECT_LE(before, line.substr(0, before.size()));
  EXPECT_GE(after, line.substr(0, after.size()));
}

TEST_F(LogTest, LevelsBelowTheChosenAreNotWritten) {
  auto log = this->log(LogLevel::warn, LogFormat::text);
  log.info("hidden");
  log.warn("shown");
  log.set_level(LogLevel::debug);
  log.trace("hidden");
  log.debug("shown too");
  log.set_level(LogLevel::error);
  log.warn("hidden");
  EXPECT_THAT(written(), ElementsAre(HasSubstr("warn shown"), HasSubstr("debug shown too")));
}

TEST_F(LogTest, OneEventIsOneLineWhateverItHolds) {
  const auto log = this->log(LogLevel::info, LogFormat::text);
  log.info(std::string("a\nb\r\x1b[31m\0\xff{}%v", 14));
  EXPECT_THAT(written(), ElementsAre(testing::EndsWith(" info a\\nb\\r\\x1b[31m\\x00\\xff{}%")));
}

TEST_F(LogTest, AReaderThatHangsCostsEventsNotTime) {
  fcntl(ends_[1], F_SETFL, 0);  // as a daemon's standard error: writing would wait
  const auto log = this->log(LogLevel::info, LogFormat::text);
  const std::string longer(3 * PIPE_BUF, 'x');
  for (int i = 0; i < 1000; ++i) log.info(longer);
  const auto before = written();
  EXPECT_LT(before.size(), 100U);
  log.info("heard again");
  const auto after = written();
  ASSERT_EQ(after.size(), before.back().size() == before.front().size() ? 2U : 3U)
      << "a torn line is ended first";
  EXPECT_THAT(after.at(after.size() - 2),
              testing::ContainsRegex(
                  fmt::format(" warn {} events were lost: the log was not read", 1000 - before.size())));
  EXPECT_THAT(after.back(), testing::EndsWith(" info heard again"));
}

TEST_F(LogTest, JsonIsOneObjectALineWithItsFields) {
  const auto log = this->log(LogLevel::info, LogFormat::json);
  log.write({.kind = core::EventKind::check_failed,
             .level = LogLevel::warn,
             .message = "sysctl.ip_forward fails",
             .fields = {{"CHECK", "sysctl.ip_forward"}, {"ROUTE", "10.1.0.0/16 \"x\""}}});
  log.info("plain");
  const auto all = written();
  ASSERT_EQ(all.size(), 2U);
  const auto first = nlohmann::json::parse(all[0]);
  EXPECT_THAT(first.at("time").get<std::string>(), MatchesRegex(kTime));
  EXPECT_EQ(first.at("level"), "warn");
  EXPECT_EQ(first.at("message"), "sysctl.ip_forward fails");
  EXPECT_EQ(first.at("event"), "check_failed");
  EXPECT_EQ(first.at("check"), "sysctl.ip_forward");
  EXPECT_EQ(first.at("route"), "10.1.0.0/16 \"x\"");
  EXPECT_EQ(first.size(), 6U);
  EXPECT_EQ(nlohmann::json::parse(all[1]).size(), 3U);
}

TEST_F(LogTest, JsonIsValidForAnyBytes) {
  const auto log = this->log(LogLevel::info, LogFormat::json);
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text{'<', static_cast<char>(byte), '>'};
    log.write({.message = text, .fields = {{"FIELD", text}}});
  }
  const auto all = written();
  ASSERT_EQ(all.size(), 256U);
  for (std::size_t byte = 0; byte < all.size(); ++byte) {
    const auto object = nlohmann::json::parse(all[byte]);
    const auto expected = byte < 0x80 ? std::string{'<', static_cast<char>(byte), '>'} : "<\ufffd>";
    EXPECT_EQ(object.at("message"), expected) << byte;
    EXPECT_EQ(object.at("field"), expected) << byte;
  }
}

TEST_F(LogTest, FormatChangesFromOneEventToTheNext) {
  auto log = this->log(LogLevel::info, LogFormat::text);
  log.info("one");
  log.reopen(LogFormat::json);
  log.info("two");
  log.reopen(LogFormat::text);
  log.info("three");
  EXPECT_THAT(written(), ElementsAre(testing::EndsWith(" info one"), testing::StartsWith("{\"time\":"),
                                     testing::EndsWith(" info three")));
}

TEST_F(LogTest, AutomaticIsTextWhereTheStreamIsNotTheJournals) {
  setenv("JOURNAL_STREAM", "1:2", 1);
  log(LogLevel::info, LogFormat::automatic).info("text");
  unsetenv("JOURNAL_STREAM");
  EXPECT_THAT(written(), ElementsAre(testing::EndsWith(" info text")));
}

TEST_F(LogTest, AClosedDescriptorLosesEventsQuietly) {
  const Log log(LogLevel::info, LogFormat::text, 1'000'000);
  log.info("lost");
  EXPECT_THAT(written(), IsEmpty());
}

TEST_F(LogTest, LinesOfThreadsDoNotMix) {
  auto log = this->log(LogLevel::info, LogFormat::text);
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&log, id] {
      for (int i = 0; i < kEach; ++i) log.info(fmt::format("<{}-{}>", id, i));
    });
  }
  log.set_level(LogLevel::debug);
  log.reopen(LogFormat::text);
  for (auto& thread : threads) thread.join();
  std::set<std::string> messages;
  for (const auto& line : written()) {
    ASSERT_THAT(line, MatchesRegex(std::string(kTime) + " info <[0-9]+-[0-9]+>"));
    messages.insert(line.substr(line.find('<')));
  }
  EXPECT_EQ(messages.size(), kThreads * kEach);
}

class LogOnTerminal : public LogTest {
 protected:
  LogOnTerminal() {
    if (openpty(&reader_, &terminal_, nullptr, nullptr, nullptr) != 0) ADD_FAILURE() << "no pseudo-terminal";
  }
  ~LogOnTerminal() override {
    close(terminal_);
    close(reader_);
  }
  /// What one warning looks like.
  std::string sanitized(LogFormat format) const {
    Log(LogLevel::info, format, terminal_).warn("x");
    std::array<char, 4096> part{};
    const auto count = read(reader_, part.data(), part.size());
    return {part.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }

  int reader_ = -1;
  int terminal_ = -1;
};

TEST_F(LogOnTerminal, TheLevelIsColoured) {
  EXPECT_THAT(sanitized(LogFormat::text),
              MatchesRegex(std::string(kTime) + " \x1b\\[[0-9;m\x1b\\[]*warn\x1b\\[m x\r\n"));
}

TEST_F(LogOnTerminal, NoColorIsHonoured) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_THAT(sanitized(LogFormat::text), MatchesRegex(std::string(kTime) + " warn x\r\n"));
}

TEST_F(LogOnTerminal, JsonHasNoColour) {
  EXPECT_THAT(sanitized(LogFormat::json), testing::Not(HasSubstr("\x1b")));
}

}  // namespace
