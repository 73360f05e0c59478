#include "host/responses.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

net::Result<std::string> shell(const std::string& script, std::chrono::milliseconds patience = 20s,
                               std::size_t limit = 1 << 20) {
  return host::run_program({"/bin/sh", "-c", script}, steady_clock::now() + patience, limit);
}

TEST(Program, SaysWhatItPrintsAndGetsNothingOfOurs) {
  ASSERT_EQ(setenv("SECRET_OF_OURS", "hush", 1), 0);
  EXPECT_EQ(shell("cat; echo noise >&2; echo $SECRET_OF_OURS$LC_ALL").value(), "C\n");
}

TEST(Program, ItsFailureAndItsAbsenceAreErrors) {
  const auto failed = shell("echo half; exit 3");
  EXPECT_EQ(failed.error().code.value(), EIO);
  EXPECT_NE(failed.error().what.find("status 3"), std::string::npos);
  EXPECT_EQ(host::run_program({"/there/is/none"}, steady_clock::now() + 1s).error().code.value(), ENOENT);
}

TEST(Program, OneThatHangsIsKilledWithAllOfItsGroup) {
  // The grandchild holds the pipe; its number comes out before.
  const auto begin = steady_clock::now();
  const auto hung = shell("sleep 1000 & wait", 100ms);
  EXPECT_EQ(hung.error().code.value(), ETIMEDOUT);
  EXPECT_LT(steady_clock::now() - begin, 10s);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(Program, AGrandchildThatKeepsThePipeDoesNotHoldUs) {
  const auto begin = steady_clock::now();
  EXPECT_EQ(shell("echo done; sleep 1000 &", 200ms).error().code.value(), ETIMEDOUT);
  EXPECT_LT(steady_clock::now() - begin, 10s);
}

TEST(Program, OneThatSaysTooMuchIsCutOff) {
  EXPECT_EQ(shell("yes", 20s, 100'000).error().code.value(), EFBIG);
}

}  // namespace
