#include "net/prefix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "parsed.h"
#include "tests/support/print.h"

namespace {

using testing::HasSubstr;

TEST(Prefix, IsShownAsItIsWritten) {
  for (const auto* text : {"10.1.0.0/16", "0.0.0.0/0", "10.1.0.4/32", "128.0.0.0/1", "::/0", "fd00::/8",
                           "2001:db8::/33", "::1/128", "fd00:1:2:3::/64"}) {
    const auto parsed = net::Prefix::parse(text);
    ASSERT_TRUE(parsed) << parsed.error().what;
    EXPECT_EQ(parsed->text(), text);
  }
}

class RefusedPrefix : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Texts, RefusedPrefix,
                         testing::Values("", "/", "/16", "10.1.0.0", "10.1.0.0/", "10.1.0.0/33", "::/129",
                                         "10.1.0.0/-1", "10.1.0.0/+16", "10.1.0.0/16 ", "10.1.0.0/ 16",
                                         "10.1.0.0/1x", "10.1.0.0/16/16", "10.1.0.0/255.255.0.0",
                                         "10.1.0.0/99999999999", "10.1/16", "x/16"));

TEST_P(RefusedPrefix, IsNamedWithAnExampleInTheError) {
  const auto parsed = net::Prefix::parse(GetParam());
  ASSERT_FALSE(parsed) << parsed->text();
  EXPECT_EQ(parsed.error().code, std::errc::invalid_argument);
  EXPECT_THAT(parsed.error().what, HasSubstr("'" + GetParam() + "'"));
  EXPECT_THAT(parsed.error().what, HasSubstr("such as 10.1.0.0/16"));
}

TEST(Prefix, WithHostBitsIsRefusedAndTheOneProbablyMeantIsNamed) {
  for (const auto& [given, meant] :
       {std::pair("10.1.2.3/16", "10.1.0.0/16"), std::pair("10.1.0.1/31", "10.1.0.0/31"),
        std::pair("10.0.0.0/4", "0.0.0.0/4"), std::pair("1.0.0.0/0", "0.0.0.0/0"),
        std::pair("fd00::1/64", "fd00::/64"), std::pair("ffff::/9", "ff80::/9")}) {
    const auto parsed = net::Prefix::parse(given);
    ASSERT_FALSE(parsed) << given;
    EXPECT_THAT(parsed.error().what, HasSubstr(std::string("did you mean ") + meant + "?"));
  }
}

TEST(Prefix, AroundAnAddressClearsItsHostBits) {
  struct Case {
    const char* address;
    unsigned length;
    const char* network;
  };
  for (const auto& each :
       {Case{"10.1.2.3", 0, "0.0.0.0/0"}, Case{"10.1.2.3", 7, "10.0.0.0/7"},
        Case{"10.1.2.3", 8, "10.0.0.0/8"}, Case{"10.1.2.3", 31, "10.1.2.2/31"},
        Case{"10.1.2.3", 32, "10.1.2.3/32"}, Case{"fd00:1:2:3:4:5:6:7", 64, "fd00:1:2:3::/64"},
        Case{"fd00:1:2:3:4:5:6:7", 127, "fd00:1:2:3:4:5:6:6/127"}, Case{"ffff::", 1, "8000::/1"}}) {
    EXPECT_EQ(net::Prefix::around(address(each.address), each.length)->text(), each.network);
  }
  EXPECT_FALSE(net::Prefix::around(address("10.1.2.3"), 33));
  EXPECT_FALSE(net::Prefix::around(address("::"), 129));
  EXPECT_EQ(net::Prefix::host(address("10.1.2.3")), prefix("10.1.2.3/32"));
  EXPECT_EQ(net::Prefix::host(address("fd00::1")), prefix("fd00::1/128"));
}

TEST(Prefix, ContainsItsAddressesAndNoOthers) {
  EXPECT_TRUE(prefix("10.1.0.0/16").contains(address("10.1.0.0")));
  EXPECT_TRUE(prefix("10.1.0.0/16").contains(address("10.1.255.255")));
  EXPECT_FALSE(prefix("10.1.0.0/16").contains(address("10.2.0.0")));
  EXPECT_FALSE(prefix("10.1.0.0/16").contains(address("10.0.255.255")));
  EXPECT_FALSE(prefix("0.0.0.0/0").contains(address("::"))) << "the families are apart";
  EXPECT_FALSE(prefix("::/0").contains(address("10.1.0.0")));
  EXPECT_TRUE(prefix("::/0").contains(address("ffff::")));
  EXPECT_TRUE(prefix("fd80::/9").contains(address("fdff::1")));
  EXPECT_FALSE(prefix("fd80::/9").contains(address("fd7f:ffff::1")));
}

TEST(Prefix, ContainsItselfAndItsSubnets) {
  const std::vector<net::Prefix> chain = {prefix("0.0.0.0/0"), prefix("10.0.0.0/8"), prefix("10.1.0.0/16"),
                                          prefix("10.1.2.3/32")};
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (std::size_t j = 0; j < chain.size(); ++j) {
      EXPECT_EQ(chain[i].contains(chain[j]), i <= j) << chain[i].text() << " " << chain[j].text();
      EXPECT_TRUE(chain[i].overlaps(chain[j]));
    }
  }
  EXPECT_FALSE(prefix("10.1.0.0/17").contains(prefix("10.1.0.0/16"))) << "they begin alike";
  EXPECT_FALSE(prefix("10.1.0.0/16").overlaps(prefix("10.2.0.0/16")));
  EXPECT_FALSE(prefix("0.0.0.0/0").overlaps(prefix("::/0")));
}

/// Against plain arithmetic of 32 bits.
TEST(Prefix, AgreesWithArithmeticForAnyAddressAndLength) {
  std::mt19937 random(1);  // the same numbers every time
  const auto as_address = [](std::uint32_t number) {
    const std::array bytes = {static_cast<std::uint8_t>(number >> 24U),
                              static_cast<std::uint8_t>(number >> 16U),
                              static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
    return net::Address::from_bytes(bytes).value();
  };
  for (int i = 0; i < 20000; ++i) {
    const auto number = static_cast<std::uint32_t>(random());
    const auto length = static_cast<unsigned>(random() % 33);
    const auto mask = length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
    const auto network = net::Prefix::around(as_address(number), length).value();
    ASSERT_EQ(network.network(), as_address(number & mask));
    // A neighbour: one bit is different.
    const auto other = number ^ (std::uint32_t{1} << (random() % 32));
    ASSERT_EQ(network.contains(as_address(other)), (other & mask) == (number & mask))
        << network.text() << " and " << as_address(other).text();
  }
}

TEST(Prefix, FirstHostIsTheNetworkAddressPlusOne) {
  for (const auto& [network, first] :
       {std::pair("10.1.0.0/16", "10.1.0.1"), std::pair("10.1.0.8/29", "10.1.0.9"),
        std::pair("10.1.0.2/31", "10.1.0.3"), std::pair("0.0.0.0/0", "0.0.0.1"),
        std::pair("fd00::/64", "fd00::1")}) {
    EXPECT_EQ(prefix(network).first_host()->text(), first);
  }
  for (const auto* single : {"10.1.0.4/32", "fd00::4/128"}) {
    const auto none = prefix(single).first_host();
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().what, HasSubstr(single));
  }
}

TEST(Prefix, SortsAShorterNetworkBeforeItsSubnets) {
  EXPECT_LT(prefix("10.0.0.0/8"), prefix("10.0.0.0/16"));
  EXPECT_LT(prefix("10.0.0.0/16"), prefix("10.1.0.0/16"));
  EXPECT_LT(prefix("255.0.0.0/8"), prefix("::/0"));
}

TEST(Prefix, AnyHoldsTheWholeFamily) {
  EXPECT_EQ(net::Prefix(), prefix("0.0.0.0/0"));
  EXPECT_EQ(net::Prefix::any(net::Family::ipv4), prefix("0.0.0.0/0"));
  EXPECT_EQ(net::Prefix::any(net::Family::ipv6), prefix("::/0"));
}

}  // namespace
