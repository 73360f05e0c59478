#include "net/foreign_text.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(ForeignText, KeepsWordsOfAnyScript) {
  EXPECT_EQ(foreign_text("cluster-routes"), "cluster-routes");
  EXPECT_EQ(foreign_text("Gruppe-für-Netze 東京 \xf0\x9f\x90\xb3"), "Gruppe-für-Netze 東京 \xf0\x9f\x90\xb3");
}

TEST(ForeignText, IsOneLineWithoutDoubleOrOuterSpaces) {
  EXPECT_EQ(foreign_text(" a\r\n\tb \xc2\xa0 c\xe2\x80\xa8"
                         "d\xc2\x85 "),
            "a b c d");
}

TEST(ForeignText, ShowsWhatWouldSteerATerminal) {
  EXPECT_EQ(foreign_text("\x1b]0;owned\x07"), "?]0;owned?");
  EXPECT_EQ(foreign_text(std::string_view("\0\x7f", 2)), "??");
  EXPECT_EQ(foreign_text("\xc2\x9b"
                         "2K"),
            "?2K")
      << "U+009B, CSI of eight bits";
}

TEST(ForeignText, ShowsWhatWouldHideOrReorderWords) {
  EXPECT_EQ(foreign_text("a\xe2\x80\xae"
                         "b"),
            "a?b")
      << "U+202E, right-to-left override";
  EXPECT_EQ(foreign_text("a\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf\xf3\xa0\x81\x81z"), "a????z");
}

TEST(ForeignText, ShowsIllFormedBytes) {
  EXPECT_EQ(foreign_text("a\xff\xc0\xaf z"), "a??? z");
  EXPECT_EQ(foreign_text("\xe2\x80"), "?") << "cut in the middle";
}

TEST(ForeignText, IsNoLongerThanItsLimitAndNeverHalfACharacter) {
  EXPECT_EQ(foreign_text("abcd", 4), "abcd");
  EXPECT_EQ(foreign_text("abcde", 4), "abcd...");
  EXPECT_EQ(foreign_text("abc\xc3\xa9", 4), "abc...");
  EXPECT_EQ(foreign_text("abc  d", 4), "abc...");
}

TEST(ForeignText, IsIdempotent) {
  for (const auto* text : {"a \x1b b", "\xe2\x80\xae x", "plain", " \xff "}) {
    const auto once = foreign_text(text);
    EXPECT_EQ(foreign_text(once), once);
  }
}

}  // namespace
}  // namespace net
