#include "agent/log/one_line.h"

#include <gtest/gtest.h>

namespace {

using agent::one_line;

TEST(OneLine, KeepsWhatPeopleWrite) {
  for (const std::string_view text : {"", "eth0 is up", "C:\\x \"y\" 'z'", "é € 🙂", "\u00a0\u2028"}) {
    EXPECT_EQ(one_line(text), text);
  }
}

TEST(OneLine, EscapesWhatBreaksALineOrSteersATerminal) {
  EXPECT_EQ(one_line("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(one_line(std::string_view("\0\x01\x1b[31m\x7f", 8)), "\\x00\\x01\\x1b[31m\\x7f");
  EXPECT_EQ(one_line("\u0080\u009b31m\u009f"), "\\xc2\\x80\\xc2\\x9b31m\\xc2\\x9f");
}

TEST(OneLine, EscapesBytesThatAreNotUtf8AndNoOthers) {
  EXPECT_EQ(one_line("a\xff\xc3\xa9\xc3"), "a\\xff\xc3\xa9\\xc3");
  EXPECT_EQ(one_line("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

}  // namespace
