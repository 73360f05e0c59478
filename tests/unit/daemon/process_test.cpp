#include "agent/daemon/process.h"

#include <gtest/gtest.h>

#include <fstream>

namespace {

/// Resident pages of files (statm's third number, proc_pid_statm(5)).
long pages_of_files() {
  std::ifstream file("/proc/self/statm");
  long size = 0;
  long resident = 0;
  long shared = 0;
  file >> size >> resident >> shared;
  return shared;
}

TEST(Process, GivesBackCodeThatItDoesNotRunAndGoesOn) {
  const auto before = pages_of_files();
  agent::forget_code();
  const auto after = pages_of_files();
  EXPECT_GT(after, 0);
  EXPECT_LT(after, before);
}

}  // namespace
