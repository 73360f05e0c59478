// What others program into the kernel for pods, as the real kernel shows it.
#include "netlink/data_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

#include "net/descriptor.h"
#include "netlink/codecs.h"
#include "netlink/dump.h"
#include "tests/netns/real_kernel.h"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr unsigned kPeers = 3;

net::Address address(const std::string& text) { return must(net::Address::parse(text)); }
net::Prefix prefix(const std::string& text) { return must(net::Prefix::parse(text)); }
net::MacAddress mac_of(unsigned peer) {
  return must(net::MacAddress::parse(fmt::format("02:00:00:00:00:0{}", peer)));
}

net::Route route(const std::string& destination, std::uint32_t device, std::uint8_t protocol) {
  net::Route made;
  made.key = {.table = 254, .destination = prefix(destination), .metric = 0, .tos = 0};
  made.protocol = protocol;
  made.device = device;
  return made;
}

/// `ethtool -K NAME tx off`.
void turn_checksums_off(const char* name) {
  ethtool_value value{};
  value.cmd = ETHTOOL_STXCSUM;
  ifreq request{};
  std::copy_n(name, strnlen(name, IFNAMSIZ - 1), std::begin(request.ifr_name));
  request.ifr_data = reinterpret_cast<char*>(&value);
  const net::Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(ioctl(socket.get(), SIOCETHTOOL, &request), 0);
}

/// eth0 with flannel's overlay over it, and a pod's veth.
class DataPlane : public testing::Test {
 protected:
  void SetUp() override {
    const auto& space = real_.space;
    space.run("ip link add flannel.1 type vxlan id 1 local 10.0.0.4 dev eth0 dstport 8472 nolearning");
    space.run("ip addr add 10.244.1.0/32 dev flannel.1");
    space.run("ip link set flannel.1 addrgenmode none up");
    space.add_veth("azv1", "pod1");
    for (unsigned peer = 2; peer < 2 + kPeers; ++peer) {
      space.run(fmt::format("ip route add 10.244.{0}.0/24 via 10.244.{0}.0 dev flannel.1 onlink", peer));
      space.run(fmt::format("ip neigh replace 10.244.{}.0 lladdr {} dev flannel.1 nud permanent", peer,
                            mac_of(peer).text()));
      space.run(
          fmt::format("bridge fdb append {} dev flannel.1 dst 10.0.0.{}", mac_of(peer).text(), peer + 10));
    }
    find_links();
  }

  /// Again after the test has made another one.
  void find_links() {
    links_.clear();
    for (auto& each : must(real_.kernel->links())) {
      if (each.name == "flannel.1") flannel_ = each.index;
      if (each.name == "azv1") azv1_ = each.index;
      if (each.kind == "vxlan" || each.name == "azv1") links_.push_back(std::move(each));
    }
  }

  [[nodiscard]] observed::DataPlane look() const { return must(netlink::read_data_plane(links_)); }
  [[nodiscard]] net::Route overlay_route(unsigned peer) const {
    auto made = route(fmt::format("10.244.{}.0/24", peer), flannel_, 3);
    made.gateway = made.key.destination.network();
    made.extra_attributes = true;  // onlink
    return made;
  }

  RealKernel real_;
  std::vector<net::Link> links_;
  std::uint32_t flannel_ = 0;
  std::uint32_t azv1_ = 0;
};

TEST_F(DataPlane, OfAnOverlayIsExactlyWhatWasProgrammed) {
  for (const auto& link : links_) {
    const auto vxlan = net::Vxlan{.vni = 1, .port = 8472, .local = address("10.0.0.4"), .device = real_.eth0};
    EXPECT_EQ(link.vxlan, link.name == "flannel.1" ? std::optional(vxlan) : std::nullopt);
  }
  const auto plane = look();
  EXPECT_THAT(plane.routes, ElementsAre(overlay_route(2), overlay_route(3), overlay_route(4)));
  EXPECT_FALSE(plane.routes_cut);
  std::vector<observed::Neighbour> neighbours;
  std::vector<observed::ForwardingEntry> forwarding;
  for (unsigned peer = 2; peer < 2 + kPeers; ++peer) {
    neighbours.push_back(
        {.device = flannel_, .address = address(fmt::format("10.244.{}.0", peer)), .mac = mac_of(peer)});
    forwarding.push_back({.device = flannel_,
                          .mac = mac_of(peer),
                          .destination = address(fmt::format("10.0.0.{}", peer + 10))});
  }
  EXPECT_THAT(plane.neighbours, testing::UnorderedElementsAreArray(neighbours));
  EXPECT_THAT(plane.forwarding, testing::UnorderedElementsAreArray(forwarding));
  EXPECT_FALSE(plane.entries_cut);
  EXPECT_THAT(plane.checksums, ElementsAre(observed::ChecksumOffload{.device = flannel_, .on = true}));
  EXPECT_TRUE(plane.main_rule);
  EXPECT_TRUE(plane.default_rule);
}

TEST_F(DataPlane, HasTheRoutesOfTheLinksAskedForAndOfBirdAndFelixAlone) {
  for (const auto* each :
       {"10.244.1.5/32 dev azv1 proto static", "10.244.9.0/24 via 10.0.0.9 dev eth0 proto bird",
        "blackhole 10.244.8.0/26 proto 80", "20.0.0.0/24 via 10.0.0.9 dev eth0 proto 3",
        "10.244.7.0/24 dev flannel.1 table 100", "blackhole 20.1.0.0/24 proto 3"}) {
    real_.space.run(fmt::format("ip route add {}", each));
  }
  real_.space.run("ip -6 route add fd20::/64 dev azv1 proto 3 metric 7");
  auto bird = route("10.244.9.0/24", real_.eth0, RTPROT_BIRD);
  bird.gateway = address("10.0.0.9");
  auto felix = route("10.244.8.0/26", 0, 80);
  felix.type = net::RouteType::blackhole;
  auto ipv6 = route("fd20::/64", azv1_, 3);
  ipv6.key.metric = 7;
  EXPECT_THAT(look().routes,
              UnorderedElementsAre(overlay_route(2), overlay_route(3), overlay_route(4),
                                   route("10.244.1.5/32", azv1_, RTPROT_STATIC), bird, felix, ipv6));
}

TEST_F(DataPlane, HasNoNeighboursButPermanentOnesOfTheOverlay) {
  const auto before = look();
  real_.space.run("ip neigh replace 10.0.0.99 lladdr 02:00:00:00:00:99 dev eth0 nud permanent");
  real_.space.run("ip neigh replace 10.244.5.0 lladdr 02:00:00:00:00:05 dev flannel.1 nud reachable");
  EXPECT_THAT(look().neighbours, testing::UnorderedElementsAreArray(before.neighbours));
  real_.space.run("ip neigh replace fd01::2 lladdr 02:00:00:00:00:02 dev flannel.1 nud permanent");
  EXPECT_THAT(look().neighbours, testing::Contains(observed::Neighbour{
                                     .device = flannel_, .address = address("fd01::2"), .mac = mac_of(2)}));
}

TEST_F(DataPlane, OfSeveralOverlaysAndInABridgeTellsEachOnesEntriesApart) {
  real_.space.run("ip link add flannel-v6.1 type vxlan id 1 local fd00::4 dev eth0 dstport 8473");
  real_.space.run("bridge fdb append 00:00:00:00:00:00 dev flannel-v6.1 dst fd00::5");
  real_.space.run("ip link add br0 type bridge");
  real_.space.run("ip link set flannel.1 master br0");
  find_links();
  const auto forwarding = look().forwarding;
  EXPECT_THAT(forwarding, SizeIs(kPeers + 1)) << "and none that the bridge has of its port";
  ASSERT_THAT(links_, SizeIs(3));
  EXPECT_THAT(forwarding, testing::Contains(observed::ForwardingEntry{
                              .device = links_[2].index, .mac = {}, .destination = address("fd00::5")}));
}

TEST_F(DataPlane, IsFilteredByLinkInTheKernel) {
  auto socket = must(netlink::Socket::open(netlink::kForDumps));
  const auto answers = [&socket](netlink::Message request) {
    std::size_t messages = 0;
    must(netlink::dump(
        socket, request, [&] { messages = 0; }, [&](const nlmsghdr&) { ++messages; }));
    return messages;
  };
  EXPECT_EQ(answers(netlink::encode_forwarding_dump(flannel_)), kPeers);
  EXPECT_EQ(answers(netlink::encode_forwarding_dump(4711)), 0U);
  EXPECT_GE(answers(netlink::encode_neighbour_dump(flannel_)), kPeers);
  EXPECT_EQ(answers(netlink::encode_neighbour_dump(4711)), 0U);
}

TEST_F(DataPlane, TellsThatTheOverlayComputesItsChecksumsItself) {
  turn_checksums_off("flannel.1");
  EXPECT_THAT(look().checksums, ElementsAre(observed::ChecksumOffload{.device = flannel_, .on = false}));
}

TEST_F(DataPlane, NoticesThatARuleIsGoneAndThatItIsBackElsewhere) {
  struct Case {
    std::string doing;
    bool main_rule;
    bool default_rule;
  };
  for (const auto& each : std::vector<Case>{
           {"del pref 32766", false, true},
           {"add from all fwmark 1 lookup main pref 100", false, true},
           {"add from 10.244.0.0/16 lookup main pref 101", false, true},
           {"add from all lookup main suppress_prefixlength 0 pref 102", false, true},
           {"del pref 32767", false, false},
           {"add from all lookup main pref 5000", true, false},
           {"add from all lookup default pref 5001", true, true},
       }) {
    real_.space.run("ip rule " + each.doing);
    const auto plane = look();
    EXPECT_EQ(plane.main_rule, each.main_rule) << each.doing;
    EXPECT_EQ(plane.default_rule, each.default_rule) << each.doing;
  }
}

TEST_F(DataPlane, HasTheRulesBeforeMainThatChooseByAddressesOrLinks) {
  for (const auto* rule :
       {"rule add from 10.244.1.0/24 lookup 77 pref 100", "rule add prohibit to 10.244.2.0/24 pref 101",
        "rule add iif flannel.1 lookup 77 pref 102", "rule add fwmark 1 lookup 77 pref 103",
        "rule add not fwmark 0x100000/0x100000 lookup 1 pref 104", "rule add from all lookup 52 pref 105",
        "rule add from 10.244.1.0/24 lookup 77 pref 40000", "-6 rule add to fd44:2::/64 lookup 77 pref 106",
        "-6 rule add ipproto tcp dport 80-90 lookup 77 pref 107"})
    real_.space.run(std::string("ip ") + rule);
  std::vector<std::uint32_t> priorities;
  const auto rules = look().rules_before_main;
  for (const auto& each : rules) priorities.push_back(each.priority);
  ASSERT_THAT(priorities, ElementsAre(100U, 101U, 102U, 106U, 107U));
  EXPECT_EQ(rules[0].source.text(), "10.244.1.0/24");
  EXPECT_EQ(rules[0].table, 77U);
  EXPECT_EQ(rules[1].action, net::PolicyRule::Action::drop);
  EXPECT_EQ(rules[1].destination.text(), "10.244.2.0/24");
  EXPECT_EQ(rules[2].iif, "flannel.1");
  EXPECT_EQ(rules[3].destination.text(), "fd44:2::/64");
  EXPECT_EQ(rules[4].ip_protocol, IPPROTO_TCP);
  EXPECT_EQ(rules[4].destination_ports, (net::PortRange{80, 90}));
}

TEST_F(DataPlane, AmongACrowdOfStrangersIsSmallAndSaysWhatItCut) {
  ASSERT_THAT(must(real_.kernel->apply(real_.changes(net::Verb::add, net::Family::ipv4, 50000, 77))),
              IsEmpty());
  const auto small = look();
  EXPECT_THAT(small.routes, SizeIs(kPeers));
  EXPECT_LT(small.routes.capacity(), 100U) << "none of the crowd was ever kept";

  auto connections =
      real_.changes(net::Verb::add, net::Family::ipv4, netlink::kMaxDataPlaneEntries, RTPROT_BIRD);
  for (auto& each : connections) std::get<net::Route>(each.object).key.metric = 2048;
  ASSERT_THAT(must(real_.kernel->apply({connections.data(), connections.size() - kPeers})), IsEmpty());
  const auto full = look();
  EXPECT_THAT(full.routes, SizeIs(netlink::kMaxDataPlaneEntries));
  EXPECT_FALSE(full.routes_cut);
  ASSERT_THAT(must(real_.kernel->apply({&connections.back(), 1})), IsEmpty());
  const auto cut = look();
  EXPECT_THAT(cut.routes, SizeIs(netlink::kMaxDataPlaneEntries));
  EXPECT_TRUE(cut.routes_cut);
  EXPECT_FALSE(cut.entries_cut);
}

TEST_F(DataPlane, OfALinkThatIsGoneIsEmpty) {
  real_.space.run("ip link del flannel.1");
  const auto plane = look();
  EXPECT_THAT(plane.routes, IsEmpty());
  EXPECT_THAT(plane.neighbours, IsEmpty());
  EXPECT_THAT(plane.forwarding, IsEmpty());
  EXPECT_THAT(plane.checksums, IsEmpty());
}

}  // namespace
