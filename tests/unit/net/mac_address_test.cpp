#include "net/mac_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/print.h"

namespace {

TEST(MacAddress, IsReadInEverySpellingInUse) {
  for (const auto* text : {"000D3AF806EC", "000d3af806ec", "00:0d:3a:f8:06:ec", "00:0D:3A:F8:06:EC",
                           "00-0D-3A-F8-06-EC", "000d.3af8.06ec"}) {
    const auto parsed = net::MacAddress::parse(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().what;
    EXPECT_EQ(parsed->text(), "00:0d:3a:f8:06:ec") << text;
  }
}

class RefusedMacAddress : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Texts, RefusedMacAddress,
                         testing::Values("", "000D3AF806E", "000D3AF806ECC", "000D3AF806EG", "00:0d:3a:f8:06",
                                         "00:0d:3a:f8:06:ec:00", "00:0d:3a:f8:06-ec", "0:d:3a:f8:6:ec",
                                         "00:0d:3a:f8:06: e", "+00D3AF806EC", "000d:3af8:06ec",
                                         "000d3a.f806ec", "00.0d.3a.f8.06.ec", "............",
                                         std::string("000D3AF806E\0", 12)));

TEST_P(RefusedMacAddress, IsNamedInTheError) {
  const auto parsed = net::MacAddress::parse(GetParam());
  ASSERT_FALSE(parsed) << parsed->text();
  EXPECT_EQ(parsed.error().code, std::errc::invalid_argument);
  EXPECT_THAT(parsed.error().what, testing::HasSubstr("12 hexadecimal digits"));
}

TEST(MacAddress, ComparesByItsBytes) {
  EXPECT_EQ(*net::MacAddress::parse("000D3AF806EC"), *net::MacAddress::parse("00:0d:3a:f8:06:ec"));
  EXPECT_LT(*net::MacAddress::parse("00:00:00:00:00:ff"), *net::MacAddress::parse("00:00:00:00:01:00"));
}

}  // namespace
