#include "net/quote.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(Quote, IsOneLineOfPrintableAscii) {
  EXPECT_EQ(quote("  two\n\t words \x1b[31m\xc3\xa4 ", 80), "two words ?[31m??");
  EXPECT_EQ(quote(" \r\n", 80), "");
}

TEST(Quote, IsCutAtTheLimitAndSaysSo) {
  EXPECT_EQ(quote("12345", 5), "12345");
  EXPECT_EQ(quote("123456", 5), "12345...");
  EXPECT_EQ(quote("1234 6", 5), "1234...");
}

}  // namespace
}  // namespace net
