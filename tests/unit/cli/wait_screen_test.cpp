// What `wait` shows on a terminal.
#include "agent/cli/wait_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "agent/http/text.h"

namespace {

using agent::WaitScreen;
using testing::ElementsAre;
using namespace std::chrono_literals;

constexpr std::size_t kWide = 200;

TEST(WaitScreen, TellsWhatIsDoneAndWhatIsAwaitedAndForHowLong) {
  WaitScreen screen(5min);
  screen.take_answer("[-]nic.up failed: it is down\n[-]nic.found failed: no document\nreadyz check failed\n",
                     1s);
  screen.take_answer("[-]nic.up failed: it is down\n[+]nic.found ok\nreadyz check failed\n", 4s);
  EXPECT_THAT(
      screen.lines(9s, kWide),
      ElementsAre("waiting for 9 s, for at most 5 min", "  done     nic.found                after 4 s",
                  "  awaited  nic.up                   for 8 s         it is down"));
}

TEST(WaitScreen, CallsDoneOnlyWhatWasLookedAtAndLeavesOutWhatDoesNotApply) {
  WaitScreen screen(5min);
  screen.take_answer(
      "[+]nic.up unknown: no document: yet\n[+]nic.found ok\n[+]sysctl.accept_ra skipped: no IPv6\n", 1s);
  EXPECT_THAT(
      screen.lines(3s, kWide),
      ElementsAre("waiting for 3 s, for at most 5 min", "  done     nic.found                after 1 s",
                  "  unknown  nic.up                   for 2 s         no document: yet"));
}

TEST(WaitScreen, CountsAnewWhatFailsAgain) {
  WaitScreen screen(1min);
  screen.take_answer("[+]nic.up ok\n", 2s);
  screen.take_answer("[-]nic.up failed: it is down\n", 10s);
  EXPECT_EQ(screen.lines(12s, kWide).at(1), "  awaited  nic.up                   for 2 s         it is down");
}

TEST(WaitScreen, WaitsForTheAgentFirstAndForgetsItsGatesWhereItIsGone) {
  WaitScreen screen(1min);
  screen.take_silence("Connection refused", 0s);
  EXPECT_THAT(screen.lines(3s, kWide),
              ElementsAre("waiting for 3 s, for at most 1 min",
                          "  awaited  the agent                for 3 s         Connection refused"));
  screen.take_answer("[+]nic.up ok\n", 5s);
  EXPECT_THAT(screen.lines(5s, kWide), ElementsAre("waiting for 5 s, for at most 1 min",
                                                   "  done     nic.up                   after 5 s"));
  screen.take_silence("Connection refused", 7s);
  EXPECT_EQ(screen.lines(8s, kWide).at(1),
            "  awaited  the agent                for 1 s         Connection refused");
}

TEST(WaitScreen, IsNoWiderThanTheTerminal) {
  WaitScreen screen(1min);
  screen.take_answer("[-]nic.up failed: zażółć gęślą jaźń, and so on for longer than any line\n", 1s);
  for (const std::size_t columns : {1U, 20U, 60U, 80U}) {
    for (const auto& line : screen.lines(2s, columns)) {
      EXPECT_LE(agent::http::characters_of(line), std::max<std::size_t>(columns, 12)) << line;
    }
  }
}

TEST(WaitScreen, LetsNothingForeignSteerATerminal) {
  WaitScreen screen(1min);
  screen.take_answer(
      "[-]evil\x1b[2K failed: \x9b"
      "2K\n",
      1s);
  for (const auto& line : screen.lines(2s, kWide)) {
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find('\x9b'), std::string::npos);
  }
}

}  // namespace
