// The source address that the kernel chooses, and the entries of its neighbour tables.
#include "netlink/packet_details.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cerrno>
#include <string>

#include "tests/netns/real_kernel.h"

namespace {

using observed::NeighbourEntry;
using observed::NeighbourState;

net::Address at(const std::string& text) { return must(net::Address::parse(text)); }
net::MacAddress hardware(const std::string& text) { return must(net::MacAddress::parse(text)); }

class PacketDetails : public testing::Test {
 protected:
  [[nodiscard]] std::optional<NeighbourEntry> entry(const std::string& of) const {
    return must(netlink::neighbour_entry(real_.eth0, at(of)));
  }
  void have(const std::string& neighbour) const { real_.space.run("ip neigh replace " + neighbour); }

  RealKernel real_;
};

TEST_F(PacketDetails, HaveTheSourceThatTheKernelChooses) {
  real_.space.add_address("eth0", "10.0.9.4/24");
  real_.space.run("ip route add 20.0.0.0/24 via 10.0.0.1 src 10.0.9.4");
  real_.space.run("ip route add 20.0.1.0/24 via 10.0.0.1");
  real_.space.run("ip route add fd20::/64 via fd00::1");
  EXPECT_EQ(must(netlink::source_address(net::Flow(at("20.0.0.7")))), at("10.0.9.4"));
  EXPECT_EQ(must(netlink::source_address(net::Flow(at("20.0.1.7")))), at("10.0.0.4"));
  EXPECT_EQ(must(netlink::source_address(net::Flow(at("10.0.0.4")))), at("10.0.0.4"));
  EXPECT_EQ(must(netlink::source_address(net::Flow(at("fd20::7")))), at("fd00::4"));
}

TEST_F(PacketDetails, OfTheTableThatARuleChoosesByThePort) {
  real_.space.add_address("eth0", "10.0.9.4/24");
  real_.space.run("ip route add default via 10.0.0.1");
  real_.space.run("ip route add default via 10.0.9.1 table 77");
  real_.space.run("ip rule add ipproto udp dport 53 lookup 77 pref 100");
  net::Flow flow(at("20.0.0.7"));
  flow.ip_protocol = IPPROTO_UDP;
  flow.destination_port = 53;
  EXPECT_EQ(must(netlink::source_address(flow)), at("10.0.9.4"));
  flow.destination_port = 54;
  EXPECT_EQ(must(netlink::source_address(flow)), at("10.0.0.4"));
}

TEST_F(PacketDetails, WithoutARouteHaveTheKernelsError) {
  const auto none = netlink::source_address(net::Flow(at("20.0.0.7")));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code.value(), ENETUNREACH);
  EXPECT_NE(none.error().what.find("20.0.0.7"), std::string::npos) << none.error().what;
}

TEST_F(PacketDetails, HaveANeighboursEntryInEachState) {
  const struct {
    const char* word;
    NeighbourState state;
  } kStates[] = {{"permanent", NeighbourState::permanent},
                 {"noarp", NeighbourState::permanent},
                 {"reachable", NeighbourState::reachable},
                 // Of delay and probe the kernel's timer makes another state at once.
                 {"stale", NeighbourState::stale}};
  for (const auto* family : {"10.0.0.9", "fd00::9"}) {
    for (const auto& each : kStates) {
      have(fmt::format("{} lladdr 12:34:56:78:9a:bc dev eth0 nud {}", family, each.word));
      EXPECT_EQ(entry(family), (NeighbourEntry{.state = each.state, .mac = hardware("12:34:56:78:9a:bc")}))
          << each.word;
    }
  }
}

TEST_F(PacketDetails, OfOneThatDoesNotAnswerHaveNoMac) {
  have("10.0.0.9 dev eth0 nud failed");
  EXPECT_EQ(entry("10.0.0.9"), (NeighbourEntry{.state = NeighbourState::failed, .mac = {}}));
  have("10.0.0.10 dev eth0 nud incomplete");
  const auto found = entry("10.0.0.10");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->mac, std::nullopt);
}

TEST_F(PacketDetails, HaveNothingOfOtherAddressesAndLinks) {
  have("10.0.0.9 lladdr 12:34:56:78:9a:bc dev eth0 nud permanent");
  EXPECT_EQ(entry("10.0.0.8"), std::nullopt);
  EXPECT_EQ(entry("fd00::9"), std::nullopt);
  EXPECT_EQ(must(netlink::neighbour_entry(1, at("10.0.0.9"))), std::nullopt);
}

}  // namespace
