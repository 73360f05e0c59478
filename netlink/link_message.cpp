#include "netlink/link_message.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "netlink/attributes.h"

namespace netlink {
namespace {

/// Text up to its NUL, or to the end of the attribute where there is none.
std::string text_in(const nlattr* attribute) {
  if (attribute == nullptr) return "";
  const auto* text = static_cast<const char*>(nla_data(attribute));
  return {text, strnlen(text, static_cast<std::size_t>(nla_len(attribute)))};
}

std::optional<net::MacAddress> mac_in(const nlattr* attribute) {
  net::MacAddress mac;
  if (attribute == nullptr || static_cast<std::size_t>(nla_len(attribute)) != mac.bytes.size())
    return std::nullopt;
  std::memcpy(mac.bytes.data(), nla_data(attribute), mac.bytes.size());
  return mac;
}

std::string kind_in(nlattr* info) {
  if (info == nullptr) return "";
  Attributes<IFLA_INFO_MAX> attributes{};
  if (nla_parse_nested(attributes.data(), IFLA_INFO_MAX, info, nullptr) < 0) return "";
  return text_in(attributes[IFLA_INFO_KIND]);
}

}  // namespace

Message encode_link_dump() {
  auto message = make_message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP);
  ifinfomsg header{};
  append(*message, &header, sizeof(header));
  if (nla_put_u32(message.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0) throw std::bad_alloc();
  return message;
}

Message encode_address_dump() {
  auto message = make_message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP);
  ifaddrmsg header{};
  append(*message, &header, sizeof(header));
  return message;
}

std::optional<net::Link> decode_link(const nlmsghdr& header) {
  static std::array<nla_policy, IFLA_MAX + 1> policy = [] {
    std::array<nla_policy, IFLA_MAX + 1> table{};
    table[IFLA_MASTER].type = NLA_U32;
    table[IFLA_MTU].type = NLA_U32;
    return table;
  }();
  if (header.nlmsg_type != RTM_NEWLINK) return std::nullopt;
  Attributes<IFLA_MAX> attributes{};
  if (nlmsg_valid_hdr(&header, sizeof(ifinfomsg)) == 0 ||
      nlmsg_parse(const_cast<nlmsghdr*>(&header), sizeof(ifinfomsg), attributes.data(), IFLA_MAX,
                  policy.data()) < 0) {
    return std::nullopt;
  }
  ifinfomsg fixed{};
  std::memcpy(&fixed, nlmsg_data(&header), sizeof(fixed));
  if (fixed.ifi_family != AF_UNSPEC || fixed.ifi_index <= 0) return std::nullopt;
  net::Link link;
  link.index = static_cast<std::uint32_t>(fixed.ifi_index);
  link.name = text_in(attributes[IFLA_IFNAME]);
  link.mac = mac_in(attributes[IFLA_ADDRESS]);
  link.master = u32_in(attributes[IFLA_MASTER], 0);
  link.mtu = u32_in(attributes[IFLA_MTU], 0);
  link.kind = kind_in(attributes[IFLA_LINKINFO]);
  link.up = (fixed.ifi_flags & IFF_UP) != 0;
  link.carrier = (fixed.ifi_flags & IFF_LOWER_UP) != 0;
  link.slave = (fixed.ifi_flags & IFF_SLAVE) != 0;
  link.loopback = (fixed.ifi_flags & IFF_LOOPBACK) != 0;
  return link;
}

std::optional<AddressOnLink> decode_address(const nlmsghdr& header) {
  static std::array<nla_policy, IFA_MAX + 1> policy = [] {
    std::array<nla_policy, IFA_MAX + 1> table{};
    table[IFA_FLAGS].type = NLA_U32;
    return table;
  }();
  if (header.nlmsg_type != RTM_NEWADDR) return std::nullopt;
  Attributes<IFA_MAX> attributes{};
  if (nlmsg_valid_hdr(&header, sizeof(ifaddrmsg)) == 0 ||
      nlmsg_parse(const_cast<nlmsghdr*>(&header), sizeof(ifaddrmsg), attributes.data(), IFA_MAX,
                  policy.data()) < 0) {
    return std::nullopt;
  }
  ifaddrmsg fixed{};
  std::memcpy(&fixed, nlmsg_data(&header), sizeof(fixed));
  // On point-to-point links IFA_ADDRESS is the peer's; IFA_LOCAL is ours where it is given.
  const auto address =
      address_in(attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS]);
  if (!address || (u32_in(attributes[IFA_FLAGS], fixed.ifa_flags) & IFA_F_DADFAILED) != 0)
    return std::nullopt;
  return AddressOnLink{.index = fixed.ifa_index,
                       .address = {.address = *address, .prefix_length = fixed.ifa_prefixlen}};
}

}  // namespace netlink
