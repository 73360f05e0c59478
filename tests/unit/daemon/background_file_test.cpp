#include "agent/daemon/background_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

class Background : public testing::Test {
 protected:
  Background() {
    auto name = (std::filesystem::temp_directory_path() / "background-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no folder";
    folder_ = name;
  }
  ~Background() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string contents() const {
    std::ifstream stream(folder_ / "file");
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::filesystem::path folder_;
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
  EXPECT_EQ(contents(), "last of 19");
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
