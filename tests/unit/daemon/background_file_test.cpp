#include "agent/daemon/background_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/support/folder.h"

namespace {

class Background : public testing::Test {
 protected:
  test_support::Folder folder_;
  std::vector<int> failures_;
};

TEST_F(Background, TheLastTextIsThereWhenItIsGone) {
  for (int round = 0; round < 20; ++round) {
    agent::BackgroundFile file(folder_ / "file",
                               [this](const net::Error& e) { failures_.push_back(e.code.value()); });
    for (int i = 0; i <= round; ++i) file.write(std::to_string(round * 100 + i));
    // Its destructor waits.
    if (round % 2 == 0) continue;
    file.write("last of " + std::to_string(round));
  }
  EXPECT_EQ(test_support::contents(folder_ / "file"), "last of 19");
  EXPECT_TRUE(failures_.empty());
}

TEST_F(Background, AFailureIsTold) {
  {
    agent::BackgroundFile file(folder_ / "missing" / "file",
                               [this](const net::Error& e) { failures_.push_back(e.code.value()); });
    file.write("x");
  }
  EXPECT_EQ(failures_, std::vector{ENOENT});
}

}  // namespace
