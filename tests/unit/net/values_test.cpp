// The small values: what an error carries, what a link and a NIC know of their addresses, how a sysctl is
// spelt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "net/error.h"
#include "net/foreign_text.h"
#include "net/link.h"
#include "net/names.h"
#include "net/sysctls.h"
#include "observed/node_network.h"
#include "parsed.h"
#include "tests/support/print.h"

namespace {

TEST(Error, KeepsTheRawErrnoAndTheSentence) {
  // The two that libnl would make one.
  const net::Result<int> no_process = net::failure(ESRCH, "no such process here");
  const net::Result<int> no_entry = net::failure(ENOENT, "");
  ASSERT_FALSE(no_process);
  EXPECT_EQ(no_process.error().code, std::errc::no_such_process);
  EXPECT_EQ(no_process.error().code.value(), ESRCH);
  EXPECT_EQ(no_process.error().code.category(), std::system_category());
  EXPECT_EQ(no_process.error().what, "no such process here");
  EXPECT_NE(no_process.error().code, no_entry.error().code);
}

TEST(Error, IsPassedOnUnchangedToAnotherResult) {
  const net::Result<int> first = net::failure(EBUSY, "busy");
  const auto second = [&]() -> net::Result<std::string> { return net::pass_on(first); }();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, first.error().code);
  EXPECT_EQ(second.error().what, "busy");
}

enum class Colour { red, green, unnamed };
constexpr auto kColourNames =
    std::to_array<net::Named<Colour>>({{Colour::red, "red"}, {Colour::green, "green"}});

TEST(Names, AreFoundByValueAndValuesByName) {
  static_assert(net::name_of(kColourNames, Colour::red) == "red");
  EXPECT_EQ(net::name_of(kColourNames, Colour::unnamed), "green") << "the last row's";
  EXPECT_EQ(net::value_named(kColourNames, "green"), Colour::green);
  EXPECT_EQ(net::value_named(kColourNames, "gree"), std::nullopt);
  EXPECT_EQ(net::value_named(kColourNames, ""), std::nullopt);
}

TEST(Number, IsTheWholeText) {
  EXPECT_EQ(net::parse_number<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(net::parse_number<int>("-1"), -1);
  EXPECT_EQ(net::parse_number<unsigned>("ff", 16), 255U);
  for (const std::string_view text : {"", " 1", "1 ", "+1", "-1", "1x", "65536"}) {
    EXPECT_EQ(net::parse_number<std::uint16_t>(text), std::nullopt) << text;
  }
}

TEST(Link, HasTheAddressesOnItWhateverTheirLength) {
  net::Link link;
  EXPECT_FALSE(link.has(address("10.0.0.4")));
  link.addresses = {{.address = address("10.0.0.4"), .prefix_length = 24},
                    {.address = address("fd00::4"), .prefix_length = 128}};
  EXPECT_TRUE(link.has(address("10.0.0.4")));
  EXPECT_TRUE(link.has(address("fd00::4")));
  EXPECT_FALSE(link.has(address("10.0.0.5")));
}

TEST(Nic, PrimaryIsTheFirstAddressOfTheFamily) {
  observed::Nic nic;
  EXPECT_EQ(nic.primary(net::Family::ipv4), std::nullopt);
  nic.addresses = {address("fd00::4"), address("10.0.0.5"), address("10.0.0.4"), address("fd00::5")};
  EXPECT_EQ(nic.primary(net::Family::ipv4), address("10.0.0.5"));
  EXPECT_EQ(nic.primary(net::Family::ipv6), address("fd00::4"));
}

TEST(Nic, SubnetOfAnAddressIsTheFirstThatHoldsIt) {
  observed::Nic nic;
  nic.subnets = {prefix("10.0.0.0/24"), prefix("10.0.1.0/24"), prefix("fd00::/64")};
  EXPECT_EQ(nic.subnet_of(address("10.0.1.4")), prefix("10.0.1.0/24"));
  EXPECT_EQ(nic.subnet_of(address("fd00::4")), prefix("fd00::/64"));
  EXPECT_EQ(nic.subnet_of(address("10.0.2.4")), std::nullopt);
}

TEST(SysctlName, SwapsDotsAndSlashesAsSysctlDoes) {
  EXPECT_EQ(net::sysctl_name("net/ipv4/ip_forward"), "net.ipv4.ip_forward");
  EXPECT_EQ(net::sysctl_name("net/ipv4/conf/eth0.100/rp_filter"), "net.ipv4.conf.eth0/100.rp_filter");
  EXPECT_EQ(net::sysctl_name(""), "");
}

}  // namespace
