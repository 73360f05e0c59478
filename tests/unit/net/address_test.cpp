#include "net/address.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "parsed.h"
#include "tests/support/print.h"

namespace {

struct Accepted {
  std::string given;
  std::string canonical;
  net::Family family;
};

class AcceptedAddress : public testing::TestWithParam<Accepted> {};
INSTANTIATE_TEST_SUITE_P(
    Texts, AcceptedAddress,
    testing::Values(Accepted{"10.1.0.4", "10.1.0.4", net::Family::ipv4},
                    Accepted{"0.0.0.0", "0.0.0.0", net::Family::ipv4},
                    Accepted{"255.255.255.255", "255.255.255.255", net::Family::ipv4},
                    Accepted{"::", "::", net::Family::ipv6}, Accepted{"::1", "::1", net::Family::ipv6},
                    Accepted{"FE80::1234:5678:9ABC", "fe80::1234:5678:9abc", net::Family::ipv6},
                    Accepted{"2001:0db8:0:0:0:0:0:1", "2001:db8::1", net::Family::ipv6},
                    Accepted{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", net::Family::ipv6},
                    Accepted{"::ffff:10.0.0.1", "::ffff:10.0.0.1", net::Family::ipv6}));

TEST_P(AcceptedAddress, IsShownInItsCanonicalText) {
  const auto parsed = net::Address::parse(GetParam().given);
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_EQ(parsed->family(), GetParam().family);
  EXPECT_EQ(parsed->text(), GetParam().canonical);
  EXPECT_EQ(address(parsed->text()), *parsed);
}

TEST_P(AcceptedAddress, SurvivesItsBytes) {
  const auto parsed = address(GetParam().given);
  EXPECT_EQ(parsed.bytes().size() * 8, net::address_bits(parsed.family()));
  EXPECT_EQ(*net::Address::from_bytes(parsed.bytes()), parsed);
}

class RefusedAddress : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Texts, RefusedAddress,
                         testing::Values("", " ", "10.1.0", "10.1.0.256", "10.1.0.4.5", "010.1.0.4",
                                         "0x0a.1.0.4", " 10.1.0.4", "10.1.0.4 ", "10.1.0.4/32", "[::1]",
                                         "fe80::1%eth0", ":::", "1:2:3:4:5:6:7:8:9", "g::", "localhost",
                                         std::string("10.1.0.4\0", 9), std::string("::1\0x", 5)));

TEST_P(RefusedAddress, IsNamedInTheError) {
  const auto parsed = net::Address::parse(GetParam());
  ASSERT_FALSE(parsed) << parsed->text();
  EXPECT_EQ(parsed.error().code, std::errc::invalid_argument);
  EXPECT_NE(parsed.error().what.find(GetParam()), std::string::npos);
}

TEST(Address, HasFourOrSixteenBytes) {
  const std::array<std::uint8_t, 17> bytes{10, 1, 0, 4};
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const auto made = net::Address::from_bytes(std::span(bytes).first(size));
    EXPECT_EQ(made.has_value(), size == 4 || size == 16) << size;
  }
  EXPECT_EQ(net::Address::from_bytes(std::span(bytes).first(4))->text(), "10.1.0.4");
}

TEST(Address, OfDifferentFamiliesIsNeverEqual) {
  EXPECT_NE(address("0.0.0.0"), address("::"));
  EXPECT_NE(address("10.0.0.1"), address("::ffff:10.0.0.1"));
}

TEST(Address, SortsIpv4FirstThenByNumber) {
  EXPECT_LT(address("9.255.255.255"), address("10.0.0.0"));
  EXPECT_LT(address("10.0.0.9"), address("10.0.0.10"));
  EXPECT_LT(address("255.255.255.255"), address("::"));
  EXPECT_LT(address("fd00::1"), address("fd00::2"));
}

TEST(Address, KnowsItsSpecialRanges) {
  struct Case {
    const char* text;
    bool unspecified, loopback, link_local;
  };
  for (const auto& each : {
           Case{"0.0.0.0", true, false, false},
           Case{"::", true, false, false},
           Case{"0.0.0.1", false, false, false},
           Case{"127.0.0.1", false, true, false},
           Case{"127.255.255.255", false, true, false},
           Case{"128.0.0.1", false, false, false},
           Case{"::1", false, true, false},
           Case{"::2", false, false, false},
           Case{"1::1", false, false, false},
           Case{"169.254.169.254", false, false, true},
           Case{"169.253.0.1", false, false, false},
           Case{"fe80::1", false, false, true},
           Case{"febf::1", false, false, true},
           Case{"fec0::1", false, false, false},
           Case{"168.63.129.16", false, false, false},
       }) {
    EXPECT_EQ(address(each.text).is_unspecified(), each.unspecified) << each.text;
    EXPECT_EQ(address(each.text).is_loopback(), each.loopback) << each.text;
    EXPECT_EQ(address(each.text).is_link_local(), each.link_local) << each.text;
  }
}

TEST(Address, AnyIsUnspecified) {
  for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
    EXPECT_EQ(net::Address::any(family).family(), family);
    EXPECT_TRUE(net::Address::any(family).is_unspecified());
  }
  EXPECT_EQ(net::Address(), net::Address::any(net::Family::ipv4));
}

TEST(Family, HasAName) {
  EXPECT_EQ(net::family_name(net::Family::ipv4), "IPv4");
  EXPECT_EQ(net::family_name(net::Family::ipv6), "IPv6");
}

}  // namespace
