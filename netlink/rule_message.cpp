#include "netlink/rule_message.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <cstring>
#include <new>

#include "netlink/attributes.h"

namespace netlink {
namespace {

unsigned char family_of(net::Family family) { return family == net::Family::ipv4 ? AF_INET : AF_INET6; }

/// Selectors and actions that the agent never uses. FRA_SUPPRESS_PREFIXLEN and FRA_TUN_ID stand in every
/// dump, with values that mean "not set".
bool is_foreign_shape(const fib_rule_hdr& fixed, const Attributes<FRA_MAX>& attributes) {
  if (fixed.action != FR_ACT_TO_TBL || fixed.dst_len != 0 || fixed.tos != 0) return true;
  for (const int selector : {FRA_DST, FRA_IIFNAME, FRA_OIFNAME, FRA_GOTO, FRA_FWMARK, FRA_FWMASK,
                             FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE}) {
    if (attributes.at(static_cast<std::size_t>(selector)) != nullptr) return true;
  }
  return u32_in(attributes[FRA_SUPPRESS_PREFIXLEN], ~0U) != ~0U;
}

}  // namespace

Message encode_rule(net::Verb verb, const net::Rule& rule) {
  const bool removal = verb == net::Verb::remove;
  auto message = make_message(removal ? RTM_DELRULE : RTM_NEWRULE,
                              NLM_F_REQUEST | (removal ? 0 : NLM_F_CREATE | NLM_F_EXCL));
  fib_rule_hdr header{};
  header.family = family_of(rule.source.family());
  header.src_len = rule.source.length();
  header.table =
      static_cast<unsigned char>(rule.table < 256 ? rule.table : static_cast<std::uint32_t>(RT_TABLE_UNSPEC));
  header.action = FR_ACT_TO_TBL;
  append(*message, &header, sizeof(header));
  const auto source = rule.source.network().bytes();
  if ((rule.source.length() > 0 &&
       nla_put(message.get(), FRA_SRC, static_cast<int>(source.size()), source.data()) < 0) ||
      nla_put_u32(message.get(), FRA_TABLE, rule.table) < 0 ||
      nla_put_u32(message.get(), FRA_PRIORITY, rule.priority) < 0 ||
      nla_put_u8(message.get(), FRA_PROTOCOL, rule.protocol) < 0) {
    throw std::bad_alloc();
  }
  return message;
}

Message encode_rule_dump(net::Family family) {
  auto message = make_message(RTM_GETRULE, NLM_F_REQUEST | NLM_F_DUMP);
  fib_rule_hdr header{};
  header.family = family_of(family);
  append(*message, &header, sizeof(header));
  return message;
}

std::optional<net::Rule> decode_rule(const nlmsghdr& header) {
  static std::array<nla_policy, FRA_MAX + 1> policy = [] {
    std::array<nla_policy, FRA_MAX + 1> table{};
    for (const int attribute : {FRA_TABLE, FRA_PRIORITY, FRA_SUPPRESS_PREFIXLEN}) {
      table.at(static_cast<std::size_t>(attribute)).type = NLA_U32;
    }
    table[FRA_PROTOCOL].type = NLA_U8;
    return table;
  }();
  if (header.nlmsg_type != RTM_NEWRULE && header.nlmsg_type != RTM_DELRULE) return std::nullopt;
  Attributes<FRA_MAX> attributes{};
  if (nlmsg_valid_hdr(&header, sizeof(fib_rule_hdr)) == 0 ||
      nlmsg_parse(const_cast<nlmsghdr*>(&header), sizeof(fib_rule_hdr), attributes.data(), FRA_MAX,
                  policy.data()) < 0) {
    return std::nullopt;
  }
  fib_rule_hdr fixed{};
  std::memcpy(&fixed, nlmsg_data(&header), sizeof(fixed));
  if (fixed.family != AF_INET && fixed.family != AF_INET6) return std::nullopt;
  const auto family = fixed.family == AF_INET ? net::Family::ipv4 : net::Family::ipv6;
  const auto network =
      attributes[FRA_SRC] == nullptr ? net::Address::any(family) : address_in(attributes[FRA_SRC]);
  if (!network || network->family() != family) return std::nullopt;
  const auto source = net::Prefix::around(*network, fixed.src_len);
  if (!source) return std::nullopt;
  return net::Rule{.priority = u32_in(attributes[FRA_PRIORITY], 0),
                   .source = *source,
                   .table = u32_in(attributes[FRA_TABLE], fixed.table),
                   .protocol = attributes[FRA_PROTOCOL] == nullptr ? std::uint8_t{0}
                                                                   : nla_get_u8(attributes[FRA_PROTOCOL]),
                   .foreign_shape = is_foreign_shape(fixed, attributes)};
}

}  // namespace netlink
