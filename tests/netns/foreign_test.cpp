// Shapes that others make and we never do: they must be told from ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/netns/real_kernel.h"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class Foreign : public testing::Test {
 protected:
  std::vector<net::Route> to(std::string_view destination) {
    const std::vector<net::Prefix> destinations = {must(net::Prefix::parse(destination))};
    return must(real_.kernel->routes_to(254, destinations));
  }
  RealKernel real_;
};

TEST_F(Foreign, MultipathRoutesAreShownAsSuchInBothFamilies) {
  real_.space.run("ip route add 20.0.0.0/24 proto 169 nexthop via 10.0.0.1 nexthop via 10.0.0.2");
  real_.space.run("ip route add fd20::/64 proto 169 nexthop via fd00::1 nexthop via fd00::2");
  const auto routes = must(real_.kernel->routes(169));
  ASSERT_THAT(routes, SizeIs(3)) << "one of IPv4, and two next hops of IPv6";
  for (const auto& each : routes) {
    EXPECT_TRUE(each.multipath);
    EXPECT_EQ(each.gateway.has_value(), each.key.destination.family() == net::Family::ipv6);
    const net::Change removal{.verb = net::Verb::remove, .object = each};
    EXPECT_THAT(must(real_.kernel->apply({&removal, 1})), IsEmpty());
  }
  EXPECT_THAT(must(real_.kernel->routes(169)), IsEmpty());
}

/// It does not fit the datagrams of which many are read at once.
TEST_F(Foreign, TheLookupOfARouteOfManyNextHopsIsAnsweredAmongOthers) {
  std::string command = "ip route add 20.0.0.0/24 proto 77";
  for (int hop = 0; hop < 200; ++hop) command += " nexthop via 10.0.0.1";
  real_.space.run(command);
  real_.space.run("ip route add 20.0.1.0/24 proto 77 via 10.0.0.1");
  const std::vector<net::Flow> flows = {net::Flow(must(net::Address::parse("20.0.1.1"))),
                                        net::Flow(must(net::Address::parse("20.0.0.1"))),
                                        net::Flow(must(net::Address::parse("20.0.1.1")))};
  const auto answers = real_.kernel->lookups(flows);
  ASSERT_THAT(answers, SizeIs(3));
  EXPECT_FALSE(must(answers[0]).multipath);
  EXPECT_TRUE(must(answers[1]).multipath);
  EXPECT_EQ(must(answers[0]), must(answers[2]));
}

TEST_F(Foreign, RoutesByANextHopObjectAreMultipathAndCanBeRemoved) {
  real_.space.run("ip nexthop add id 7 via 10.0.0.1 dev eth0");
  real_.space.run("ip nexthop add id 8 via fd00::1 dev eth0");
  real_.space.run("ip route add 20.0.0.0/24 proto 169 nhid 7");
  real_.space.run("ip route add fd20::/64 proto 169 nhid 8");
  const auto routes = must(real_.kernel->routes(169));
  ASSERT_THAT(routes, SizeIs(2));
  for (const auto& each : routes) {
    EXPECT_TRUE(each.multipath);
    const net::Change removal{.verb = net::Verb::remove, .object = each};
    EXPECT_THAT(must(real_.kernel->apply({&removal, 1})), IsEmpty());
  }
  EXPECT_THAT(must(real_.kernel->routes(169)), IsEmpty());
}

TEST_F(Foreign, AGatewayOfTheOtherFamilyIsNotShown) {
  real_.space.run("ip route add 20.0.0.0/24 via inet6 fd00::1 dev eth0 proto 169");
  const auto routes = must(real_.kernel->routes(169));
  ASSERT_THAT(routes, SizeIs(1));
  EXPECT_FALSE(routes[0].gateway);
  EXPECT_EQ(routes[0].device, real_.eth0);
  const net::Change removal{.verb = net::Verb::remove, .object = routes[0]};
  EXPECT_THAT(must(real_.kernel->apply({&removal, 1})), IsEmpty());
}

TEST_F(Foreign, AnIpv6RouteWithASourcePrefixIsNotTakenForOneWithout) {
  const auto made = real_.space.attempt(
      test_support::words("ip route add fd20::/64 from fd00::/64 via fd00::1 dev eth0 proto 4"));
  if (made.status != 0) GTEST_SKIP() << "this kernel has no IPv6 subtrees: " << made.output;
  EXPECT_THAT(to("fd20::/64"), IsEmpty());
}

TEST_F(Foreign, RulesWithOtherSelectorsHaveAForeignShapeAndCanBeRemoved) {
  const std::vector<std::string> shapes = {"from 10.1.0.0/24 to 10.2.0.0/16 lookup 100",
                                           "iif eth0 lookup 100",
                                           "oif eth0 lookup 100",
                                           "fwmark 1 lookup 100",
                                           "from 10.1.0.0/24 tos 8 lookup 100",
                                           "not from 10.1.0.0/24 lookup 100",
                                           "from 10.1.0.0/24 unreachable",
                                           "from 10.1.0.0/24 lookup 100 suppress_prefixlength 0",
                                           "uidrange 0-0 lookup 100",
                                           "ipproto tcp lookup 100",
                                           "ipproto tcp dport 80 lookup 100",
                                           "from 10.1.0.0/24 goto 32766"};
  for (const auto& shape : shapes) {
    real_.space.run(fmt::format("ip rule add {} pref 50 protocol 169", shape));
    const auto rules = must(real_.kernel->rules(169));
    ASSERT_THAT(rules, SizeIs(1)) << shape;
    EXPECT_TRUE(rules[0].unknown_selectors) << shape;
    const net::Change removal{.verb = net::Verb::remove, .object = rules[0]};
    EXPECT_THAT(must(real_.kernel->apply({&removal, 1})), IsEmpty()) << shape;
    EXPECT_THAT(must(real_.kernel->rules(169)), IsEmpty()) << shape;
  }
  real_.space.run("ip rule add from 10.1.0.0/24 lookup 100 pref 50 protocol 169");
  const auto rules = must(real_.kernel->rules(169));
  ASSERT_THAT(rules, SizeIs(1));
  EXPECT_FALSE(rules[0].unknown_selectors);
}

TEST_F(Foreign, AnEnslavedLinkNamesItsMaster) {
  real_.space.run("ip link add br0 type bridge");
  real_.space.run("ip link set peer master br0");
  const auto links = must(real_.kernel->links());
  std::uint32_t bridge = 0;
  for (const auto& each : links) {
    if (each.name == "br0") bridge = each.index;
  }
  for (const auto& each : links) {
    EXPECT_EQ(each.kind, each.name == "br0" ? "bridge" : each.loopback ? "" : "veth");
    EXPECT_EQ(each.master, each.name == "peer" ? bridge : 0U) << each.name;
  }
}

TEST_F(Foreign, AnIpv6DuplicateAddressIsNotShown) {
  // The peer has the address: eth0's probe finds it.
  real_.space.run("ip addr add fd00::99/64 dev peer nodad");
  const test_support::NetNamespace other;
  real_.space.move_link("peer", other);
  other.run("ip addr add fd00::99/64 dev peer nodad");
  const test_support::NetNamespace::Inside inside(real_.space);
  real_.space.run({"sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/eth0/accept_dad"});
  real_.space.run("ip addr add fd00::99/64 dev eth0");
  const auto wait = real_.space.attempt(
      {"timeout", "10", "sh", "-c", "until ip -6 addr show dev eth0 | grep -q dadfailed; do :; done"});
  ASSERT_EQ(wait.status, 0) << "no duplicate was found";
  for (const auto& each : must(real_.kernel->links())) {
    EXPECT_FALSE(each.name == "eth0" && each.has(must(net::Address::parse("fd00::99"))));
  }
}

}  // namespace
