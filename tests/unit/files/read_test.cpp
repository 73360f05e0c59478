#include "files/read.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "tests/support/folder.h"

namespace {

TEST(Read, TakesAllOfIt) {
  const test_support::Folder folder;
  const std::string text(40000, 'x');
  EXPECT_EQ(files::read(folder.write("a", text), text.size()).value(), text);
  EXPECT_EQ(files::read(folder.write("empty", ""), 0).value(), "");
}

TEST(Read, TakesNoMoreThanItsLimit) {
  const test_support::Folder folder;
  const auto text = files::read(folder.write("a", "12345"), 4);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code.value(), EFBIG);
  EXPECT_EQ(files::read("/dev/zero", 100000).error().code.value(), EFBIG);
}

TEST(Read, WaitsForNobody) {
  const test_support::Folder folder;
  const auto fifo = folder.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(files::read(fifo, 10).value(), "");
}

TEST(Read, NamesWhatItCannotRead) {
  const test_support::Folder folder;
  const auto absent = files::read(folder.path() / "absent", 10);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code.value(), ENOENT);
  EXPECT_NE(absent.error().what.find("/absent cannot be read: No such file"), std::string::npos)
      << absent.error().what;
  EXPECT_EQ(files::read(folder.path(), 10).error().code.value(), EISDIR);
}

}  // namespace
