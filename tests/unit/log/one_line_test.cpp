#include "agent/log/one_line.h"

#include <gtest/gtest.h>

#include "agent/log/utf8.h"

namespace {

using agent::one_line;
using agent::utf8_prefix;
using agent::utf8_sequence;

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

TEST(Utf8, KnowsTheFirstAndLastOfEachLength) {
  EXPECT_EQ(utf8_sequence(std::string_view("\0", 1)), 1U);
  EXPECT_EQ(utf8_sequence("\x7f"), 1U);
  EXPECT_EQ(utf8_sequence("\xc2\x80"), 2U);
  EXPECT_EQ(utf8_sequence("\xdf\xbf"), 2U);
  EXPECT_EQ(utf8_sequence("\xe0\xa0\x80"), 3U);
  EXPECT_EQ(utf8_sequence("\xed\x9f\xbf"), 3U);
  EXPECT_EQ(utf8_sequence("\xee\x80\x80"), 3U);
  EXPECT_EQ(utf8_sequence("\xef\xbf\xbf"), 3U);
  EXPECT_EQ(utf8_sequence("\xf0\x90\x80\x80"), 4U);
  EXPECT_EQ(utf8_sequence("\xf4\x8f\xbf\xbf"), 4U);
}

TEST(Utf8, RefusesOverlongSurrogatesTooLargeAndTruncated) {
  for (const std::string_view text :
       {"", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc2", "\xc2 ", "\xe1\x80",
        "\xe1\x80 ", "\xf1\x80\x80", "\xf1\x80\x80 ", "\xf1\x80\xc0\x80"}) {
    EXPECT_EQ(utf8_sequence(text), 0U) << one_line(text);
  }
}

TEST(Utf8, PrefixEndsAtTheFirstBadByte) {
  EXPECT_EQ(utf8_prefix(""), 0U);
  EXPECT_EQ(utf8_prefix("a\xc3\xa9"), 3U);
  EXPECT_EQ(utf8_prefix("a\xc3\xa9\xff more"), 3U);
  EXPECT_EQ(utf8_prefix("a\xc3"), 1U);
}

}  // namespace
