#include "net/foreign_text.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(AsciiCase, LettersAreMadeSmallAndNothingElse) {
  EXPECT_EQ(lower("Cluster-ROUTES_09@[Z]"), "cluster-routes_09@[z]");
  EXPECT_EQ(lower("\xc3\x84"), "\xc3\x84") << "no letter of ASCII's";
}

TEST(AsciiCase, ComparesWithoutRegardToIt) {
  EXPECT_TRUE(same_ignoring_case("Cluster-Routes", "cluster-ROUTES"));
  EXPECT_TRUE(same_ignoring_case("", ""));
  EXPECT_FALSE(same_ignoring_case("cluster", "cluster-routes"));
  EXPECT_FALSE(same_ignoring_case("@", "`")) << "32 apart, like letters";
}

}  // namespace
}  // namespace net
