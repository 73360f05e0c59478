#include "netlink/codecs.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "netlink/attributes.h"

namespace netlink {
namespace {

constexpr auto kLinkPolicy = u32_policy<IFLA_MAX>({IFLA_MASTER, IFLA_MTU});
constexpr auto kAddressPolicy = u32_policy<IFA_MAX>({IFA_FLAGS});

std::optional<net::Vxlan> vxlan_in(nlattr* data) {
  std::array<nlattr*, IFLA_VXLAN_MAX + 1> attributes{};
  if (data == nullptr || nla_parse_nested(attributes.data(), IFLA_VXLAN_MAX, data, nullptr) < 0) {
    return std::nullopt;
  }
  const auto local = address_in(attributes[IFLA_VXLAN_LOCAL]);
  return net::Vxlan{.vni = number_in<std::uint32_t>(attributes[IFLA_VXLAN_ID]).value_or(0),
                    .port = ntohs(number_in<std::uint16_t>(attributes[IFLA_VXLAN_PORT]).value_or(0)),
                    .local = local ? local : address_in(attributes[IFLA_VXLAN_LOCAL6]),
                    .device = number_in<std::uint32_t>(attributes[IFLA_VXLAN_LINK]).value_or(0),
                    .learning = number_in<std::uint8_t>(attributes[IFLA_VXLAN_LEARNING]).value_or(0) != 0};
}

void read_info(nlattr* info, net::Link& link) {
  if (info == nullptr) return;
  std::array<nlattr*, IFLA_INFO_MAX + 1> attributes{};
  if (nla_parse_nested(attributes.data(), IFLA_INFO_MAX, info, nullptr) < 0) return;
  link.kind = text_in(attributes[IFLA_INFO_KIND]);
  if (link.kind == "vxlan") link.vxlan = vxlan_in(attributes[IFLA_INFO_DATA]);
}

}  // namespace

Message encode_link_dump() {
  Message message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, ifinfomsg{});
  message.put(IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
  return message;
}

Message encode_address_dump() { return {RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, ifaddrmsg{}}; }

std::optional<net::Link> decode_link(const nlmsghdr& header) {
  if (header.nlmsg_type != RTM_NEWLINK) return std::nullopt;
  const auto parsed = parse<ifinfomsg>(header, kLinkPolicy);
  // A bridge reports its ports by messages of the same type, whose family is AF_BRIDGE.
  if (!parsed || parsed->fixed.ifi_family != AF_UNSPEC || parsed->fixed.ifi_index <= 0) return std::nullopt;
  const auto flags = parsed->fixed.ifi_flags;
  net::Link link;
  link.index = static_cast<std::uint32_t>(parsed->fixed.ifi_index);
  link.name = text_in((*parsed)[IFLA_IFNAME]);
  link.mac = mac_in((*parsed)[IFLA_ADDRESS]);
  link.master = parsed->u32(IFLA_MASTER, 0);
  link.mtu = parsed->u32(IFLA_MTU, 0);
  read_info((*parsed)[IFLA_LINKINFO], link);
  link.up = (flags & IFF_UP) != 0;
  link.carrier = (flags & IFF_LOWER_UP) != 0;
  link.slave = (flags & IFF_SLAVE) != 0;
  link.loopback = (flags & IFF_LOOPBACK) != 0;
  return link;
}

std::optional<AddressOnLink> decode_address(const nlmsghdr& header) {
  if (header.nlmsg_type != RTM_NEWADDR) return std::nullopt;
  const auto parsed = parse<ifaddrmsg>(header, kAddressPolicy);
  if (!parsed) return std::nullopt;
  const auto& fixed = parsed->fixed;
  if (fixed.ifa_family != AF_INET && fixed.ifa_family != AF_INET6) return std::nullopt;
  // On point-to-point links IFA_ADDRESS is the peer's; IFA_LOCAL is ours where it is given.
  const auto address = address_in((*parsed)[parsed->has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS]);
  if (!address || family_number(address->family()) != fixed.ifa_family ||
      fixed.ifa_prefixlen > net::address_bits(address->family())) {
    return std::nullopt;
  }
  // ifa_flags holds the lower eight bits only.
  if ((parsed->u32(IFA_FLAGS, fixed.ifa_flags) & IFA_F_DADFAILED) != 0) return std::nullopt;
  return AddressOnLink{.index = fixed.ifa_index,
                       .address = {.address = *address, .prefix_length = fixed.ifa_prefixlen}};
}

}  // namespace netlink
