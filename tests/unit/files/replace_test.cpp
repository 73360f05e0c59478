#include "files/replace.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "tests/support/folder.h"

namespace {

using files::Readers;

struct Replace : test_support::Folder, testing::Test {
  [[nodiscard]] long entries() const {
    return std::distance(std::filesystem::directory_iterator(path()), std::filesystem::directory_iterator());
  }

  std::filesystem::path file_ = path() / "file";
};

TEST_F(Replace, TheFileIsWholeAndAlone) {
  const std::string large(100'000, 'x');
  for (const auto& text : {std::string("one"), large, std::string()}) {
    ASSERT_TRUE(files::replace(file_, text, Readers::owner));
    EXPECT_EQ(test_support::contents(file_), text);
    EXPECT_EQ(entries(), 1);
  }
}

TEST_F(Replace, WhoMayReadItIsSaidHereWhateverTheUmask) {
  for (const mode_t umask : {0U, 077U}) {
    const auto before = ::umask(umask);
    for (const auto& [readers, mode] : {std::pair{Readers::owner, 0600U}, {Readers::everybody, 0644U}}) {
      ASSERT_TRUE(files::replace(file_, "x", readers));
      struct stat status {};
      ASSERT_EQ(::stat(file_.c_str(), &status), 0);
      EXPECT_EQ(status.st_mode & 07777U, mode);
    }
    ::umask(before);
  }
}

TEST_F(Replace, AFailureLeavesWhatWasThereAndNamesIt) {
  std::filesystem::create_directories(file_ / "occupied");
  const auto replaced = files::replace(file_, "x", Readers::owner);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code.value(), EISDIR);
  EXPECT_NE(replaced.error().what.find(file_.string()), std::string::npos);
  EXPECT_EQ(entries(), 1);
  EXPECT_EQ(files::replace(path() / "missing" / "file", "x", Readers::owner).error().code.value(), ENOENT);
}

TEST_F(Replace, ALinkThatSomebodyPutInTheWayIsReplacedNotFollowed) {
  write("victim", "precious");
  std::filesystem::create_symlink(path() / "victim", path() / "file.new");
  ASSERT_TRUE(files::replace(file_, "x", Readers::owner));
  EXPECT_EQ(test_support::contents(path() / "victim"), "precious");
  EXPECT_EQ(test_support::contents(file_), "x");
}

}  // namespace
