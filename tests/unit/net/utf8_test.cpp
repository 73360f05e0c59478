#include "net/foreign_text.h"

#include <gtest/gtest.h>

namespace net {
namespace {

/// Bytes of the well-formed sequence that the text begins with; 0 when it does with none.
std::size_t whole(std::string_view text) {
  const auto piece = utf8_piece(text);
  return piece.well_formed ? piece.length : 0;
}

TEST(Utf8, KnowsTheFirstAndLastOfEachLength) {
  EXPECT_EQ(whole(std::string_view("\0", 1)), 1U);
  EXPECT_EQ(whole("\x7f"), 1U);
  EXPECT_EQ(whole("\xc2\x80"), 2U);
  EXPECT_EQ(whole("\xdf\xbf"), 2U);
  EXPECT_EQ(whole("\xe0\xa0\x80"), 3U);
  EXPECT_EQ(whole("\xed\x9f\xbf"), 3U);
  EXPECT_EQ(whole("\xee\x80\x80"), 3U);
  EXPECT_EQ(whole("\xef\xbf\xbf"), 3U);
  EXPECT_EQ(whole("\xf0\x90\x80\x80"), 4U);
  EXPECT_EQ(whole("\xf4\x8f\xbf\xbf"), 4U);
}

TEST(Utf8, RefusesOverlongSurrogatesTooLargeAndTruncated) {
  for (const std::string_view text :
       {"", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc2", "\xc2 ", "\xe1\x80",
        "\xe1\x80 ", "\xf1\x80\x80", "\xf1\x80\x80 ", "\xf1\x80\xc0\x80"}) {
    EXPECT_FALSE(utf8_piece(text).well_formed) << ::testing::PrintToString(text);
  }
}

TEST(Utf8, PrefixEndsAtTheFirstBadByte) {
  EXPECT_EQ(utf8_prefix(""), 0U);
  EXPECT_EQ(utf8_prefix("a\xc3\xa9"), 3U);
  EXPECT_EQ(utf8_prefix("a\xc3\xa9\xff more"), 3U);
  EXPECT_EQ(utf8_prefix("a\xc3"), 1U);
}

TEST(Utf8, AnIllFormedPieceEndsWhereNothingCouldMendIt) {
  EXPECT_EQ(utf8_piece("").length, 0U);
  EXPECT_EQ(utf8_piece("\xff\x80").length, 1U);
  EXPECT_EQ(utf8_piece("\xed\xa0\x80").length, 1U) << "a surrogate's second byte begins nothing";
  EXPECT_EQ(utf8_piece("\xf1\x80\x80z").length, 3U);
  EXPECT_EQ(utf8_piece("\xe1\x80").length, 2U);
}

}  // namespace
}  // namespace net
