#include "netlink/codecs.h"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <string_view>

#include "tests/support/print.h"
#include "tests/unit/netlink/message_bytes.h"

namespace {

/// A message of a fixed header and attributes of any bytes, as a kernel would send it.
class Crafted {
 public:
  template <class Fixed>
  Crafted(int type, const Fixed& fixed) : bytes_(netlink::Message(type, 0, fixed)) {}

  Crafted& put(unsigned short attribute, std::string_view value) {
    auto& bytes = bytes_.bytes();
    const nlattr head{.nla_len = static_cast<unsigned short>(NLA_HDRLEN + value.size()),
                      .nla_type = attribute};
    append(&head, sizeof(head));
    append(value.data(), value.size());
    bytes.resize(NLMSG_ALIGN(bytes.size()));
    bytes_.header().nlmsg_len = static_cast<std::uint32_t>(bytes.size());
    return *this;
  }
  Crafted& put(unsigned short attribute, std::uint32_t value) {
    return put(attribute, std::string_view(reinterpret_cast<const char*>(&value), sizeof(value)));
  }
  Crafted& put(unsigned short attribute, const net::Address& value) {
    const auto bytes = value.bytes();
    return put(attribute, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  /// The attributes alone, to be nested.
  template <class Fixed>
  std::string attributes() {
    const auto* first = reinterpret_cast<const char*>(bytes_.bytes().data());
    return {first + NLMSG_LENGTH(sizeof(Fixed)), first + bytes_.bytes().size()};
  }

  [[nodiscard]] std::optional<net::Link> link() const { return bytes_.decoded_by(netlink::decode_link); }
  [[nodiscard]] std::optional<netlink::AddressOnLink> address() const {
    return bytes_.decoded_by(netlink::decode_address);
  }
  [[nodiscard]] MessageBytes& bytes() { return bytes_; }

 private:
  void append(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.bytes().insert(bytes_.bytes().end(), first, first + size);
  }
  MessageBytes bytes_;
};

ifinfomsg link_header(unsigned flags = IFF_UP, int index = 3) {
  ifinfomsg made{};
  made.ifi_index = index;
  made.ifi_flags = flags;
  return made;
}

Crafted full_link() {
  Crafted info(RTM_NEWLINK, ifinfomsg{});
  info.put(IFLA_INFO_KIND, std::string_view("veth\0", 5));
  Crafted made(RTM_NEWLINK, link_header(IFF_UP | IFF_SLAVE | (1U << 16)));
  made.put(IFLA_IFNAME, std::string_view("eth0\0", 5));
  made.put(IFLA_ADDRESS, std::string_view("\x00\x0d\x3a\xf8\x06\xec", 6));
  made.put(IFLA_MASTER, 7U);
  made.put(IFLA_MTU, 1500U);
  made.put(IFLA_LINKINFO, info.attributes<ifinfomsg>());
  return made;
}

TEST(DecodeLink, ReadsWhatTheAgentKnowsOfALink) {
  const auto link = full_link().link();
  ASSERT_TRUE(link);
  EXPECT_EQ(link->index, 3U);
  EXPECT_EQ(link->name, "eth0");
  EXPECT_EQ(link->mac, *net::MacAddress::parse("00:0d:3a:f8:06:ec"));
  EXPECT_EQ(link->master, 7U);
  EXPECT_EQ(link->mtu, 1500U);
  EXPECT_EQ(link->kind, "veth");
  EXPECT_TRUE(link->up);
  EXPECT_TRUE(link->carrier);
  EXPECT_TRUE(link->slave);
  EXPECT_FALSE(link->loopback);
}

TEST(DecodeLink, LeavesOutWhatIsNotSaid) {
  const auto link = Crafted(RTM_NEWLINK, link_header(IFF_LOOPBACK)).link();
  ASSERT_TRUE(link);
  EXPECT_EQ(link->name, "");
  EXPECT_FALSE(link->mac);
  EXPECT_EQ(link->kind, "");
  EXPECT_FALSE(link->up);
  EXPECT_FALSE(link->carrier);
  EXPECT_TRUE(link->loopback);
}

TEST(DecodeLink, HasNoMacOfAnotherLength) {
  for (const std::size_t length : {0U, 4U, 5U, 7U, 20U}) {
    EXPECT_FALSE(Crafted(RTM_NEWLINK, link_header()).put(IFLA_ADDRESS, std::string(length, 'x')).link()->mac);
  }
}

TEST(DecodeLink, ReadsANameWithoutItsNulNoFurtherThanItGoes) {
  EXPECT_EQ(Crafted(RTM_NEWLINK, link_header()).put(IFLA_IFNAME, "eth0").link()->name, "eth0");
}

TEST(DecodeLink, OfKindVxlanLeavesOutWhatHasAStrangeLengthAndKeepsTheRest) {
  const auto with_data = [](std::string_view kind, std::string_view data) {
    Crafted info(RTM_NEWLINK, ifinfomsg{});
    info.put(IFLA_INFO_KIND, kind);
    info.put(IFLA_INFO_DATA, data);
    return Crafted(RTM_NEWLINK, link_header())
        .put(IFLA_LINKINFO, info.attributes<ifinfomsg>())
        .link()
        .value()
        .vxlan;
  };
  Crafted data(RTM_NEWLINK, ifinfomsg{});
  data.put(IFLA_VXLAN_ID, 4096U);
  const auto vni_alone = data.attributes<ifinfomsg>();
  data.put(IFLA_VXLAN_PORT, "\x21");
  data.put(IFLA_VXLAN_LOCAL, "abc");
  data.put(IFLA_VXLAN_LINK, std::string(5, 'x'));
  data.put(IFLA_VXLAN_LEARNING, std::string(4, '\1'));
  EXPECT_EQ(with_data("vxlan", data.attributes<ifinfomsg>()), (net::Vxlan{.vni = 4096, .local = {}}));
  EXPECT_EQ(with_data("vxlan", vni_alone), (net::Vxlan{.vni = 4096, .local = {}}));
  EXPECT_EQ(with_data("vxlan", "torn"), net::Vxlan{});
  EXPECT_EQ(with_data("geneve", vni_alone), std::nullopt) << "the numbers mean something else there";
}

TEST(DecodeLink, RefusesWhatIsNoLink) {
  EXPECT_FALSE(Crafted(RTM_NEWADDR, link_header()).link());
  EXPECT_FALSE(Crafted(RTM_NEWLINK, link_header(IFF_UP, 0)).link());
  EXPECT_FALSE(Crafted(RTM_NEWLINK, link_header(IFF_UP, -1)).link());
  auto port = link_header();
  port.ifi_family = AF_BRIDGE;
  EXPECT_FALSE(Crafted(RTM_NEWLINK, port).link()) << "a bridge port, not a link";
  EXPECT_FALSE(Crafted(RTM_NEWLINK, link_header()).put(IFLA_MTU, "xy").link()) << "two bytes for a number";
}

TEST(DecodeLink, OfAMessageCutAnywhereNeverReadsBeyondIt) {
  auto whole = full_link();
  for (std::size_t length = 0; length < whole.bytes().bytes().size(); ++length) {
    auto torn = whole.bytes().bytes();
    torn.resize(length);
    EXPECT_FALSE(MessageBytes(torn).decoded_by(netlink::decode_link));
    if (length < NLMSG_HDRLEN) continue;
    const auto cut = whole.bytes().cut_to(length).decoded_by(netlink::decode_link);
    EXPECT_FALSE(cut && cut->kind == "veth" && cut->mtu == 0);
  }
}

ifaddrmsg address_header(unsigned char family, unsigned char length, unsigned char flags = 0) {
  ifaddrmsg made{};
  made.ifa_family = family;
  made.ifa_prefixlen = length;
  made.ifa_flags = flags;
  made.ifa_index = 3;
  return made;
}

const net::Address kAddress = *net::Address::parse("10.0.0.4");
const net::Address kPeer = *net::Address::parse("10.0.0.5");
const net::Address kAddress6 = *net::Address::parse("fd00::4");

TEST(DecodeAddress, PrefersOurOwnEndOfAPointToPointLink) {
  const auto address = Crafted(RTM_NEWADDR, address_header(AF_INET, 24))
                           .put(IFA_ADDRESS, kPeer)
                           .put(IFA_LOCAL, kAddress)
                           .address();
  EXPECT_EQ(address,
            (netlink::AddressOnLink{.index = 3, .address = {.address = kAddress, .prefix_length = 24}}));
}

TEST(DecodeAddress, TakesTheAddressWhereNoLocalOneIsNamed) {
  const auto address =
      Crafted(RTM_NEWADDR, address_header(AF_INET6, 64)).put(IFA_ADDRESS, kAddress6).address();
  EXPECT_EQ(address,
            (netlink::AddressOnLink{.index = 3, .address = {.address = kAddress6, .prefix_length = 64}}));
}

TEST(DecodeAddress, LeavesOutADuplicateButNotATentativeOne) {
  const auto with_flags = [](std::uint32_t flags) {
    return Crafted(RTM_NEWADDR, address_header(AF_INET6, 64))
        .put(IFA_ADDRESS, kAddress6)
        .put(IFA_FLAGS, flags)
        .address();
  };
  EXPECT_TRUE(with_flags(IFA_F_PERMANENT));
  EXPECT_TRUE(with_flags(IFA_F_TENTATIVE));
  EXPECT_FALSE(with_flags(IFA_F_TENTATIVE | IFA_F_DADFAILED));
  EXPECT_FALSE(Crafted(RTM_NEWADDR, address_header(AF_INET6, 64, IFA_F_DADFAILED))
                   .put(IFA_ADDRESS, kAddress6)
                   .address())
      << "old kernels have the flags in the header alone";
}

TEST(DecodeAddress, RefusesWhatIsNoAddressOfOurFamilies) {
  EXPECT_FALSE(Crafted(RTM_NEWADDR, address_header(AF_INET, 24)).address());
  EXPECT_FALSE(Crafted(RTM_NEWADDR, address_header(AF_INET, 24)).put(IFA_LOCAL, kAddress6).address());
  EXPECT_FALSE(Crafted(RTM_NEWADDR, address_header(AF_INET, 33)).put(IFA_LOCAL, kAddress).address());
  EXPECT_FALSE(Crafted(RTM_NEWADDR, address_header(AF_INET, 24)).put(IFA_LOCAL, "xyz").address());
  EXPECT_FALSE(Crafted(RTM_NEWADDR, address_header(AF_DECnet, 24)).put(IFA_LOCAL, kAddress).address());
  EXPECT_FALSE(Crafted(RTM_DELADDR, address_header(AF_INET, 24)).put(IFA_LOCAL, kAddress).address());
}

}  // namespace
