#include "netlink/codecs.h"

#include <fmt/format.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "netlink/attributes.h"

namespace netlink {
namespace {

/// The kernel writes it into every dump with this value for "not set".
constexpr std::uint32_t kNoSuppression = 0xffffffff;

constexpr auto kRulePolicy = [] {
  auto policy = u32_policy<FRA_MAX>({FRA_TABLE, FRA_PRIORITY, FRA_SUPPRESS_PREFIXLEN});
  policy[FRA_PROTOCOL].type = NLA_U8;
  return policy;
}();

/// True when the attribute narrows nothing: the agent's own, and what stands in every dump. Whatever a later
/// kernel adds is a selector unknown to the agent.
bool is_plain(const nlattr& attribute) {
  switch (nla_type(&attribute)) {
    case FRA_SRC:
    case FRA_TABLE:
    case FRA_PRIORITY:
    case FRA_PROTOCOL:
    case FRA_PAD:
      return true;
    case FRA_SUPPRESS_PREFIXLEN:
      return nla_get_u32(&attribute) == kNoSuppression;
    default:
      return false;
  }
}

/// Of kernels since 6.14, which our headers need not know.
constexpr int kDscp = 25;       // FRA_DSCP
constexpr int kSportMask = 28;  // FRA_SPORT_MASK
constexpr int kDscpMask = 30;   // FRA_DSCP_MASK, after FRA_DPORT_MASK

bool is_about_traffic(int type) {
  return type == FRA_IP_PROTO || type == FRA_SPORT_RANGE || type == FRA_DPORT_RANGE || type == kDscp ||
         (type >= kSportMask && type <= kDscpMask);
}

template <class Visit>
void each_attribute(const nlmsghdr& header, Visit visit) {
  const nlattr* attribute = nlmsg_attrdata(&header, sizeof(fib_rule_hdr));
  int left = nlmsg_attrlen(&header, sizeof(fib_rule_hdr));
  for (; nla_ok(attribute, left) != 0; attribute = nla_next(attribute, &left)) visit(*attribute);
}

net::PortRange ports_in(const nlattr* attribute) {
  const auto range = number_in<fib_rule_port_range>(attribute);
  return range ? net::PortRange{.first = range->start, .last = range->end} : net::PortRange{};
}

/// What packets themselves bear, beside their addresses.
void note_traffic(const nlmsghdr& header, const fib_rule_hdr& fixed, net::PolicyRule& rule) {
  rule.tos = fixed.tos;
  rule.by_traffic = fixed.tos != 0;
  each_attribute(header, [&rule](const nlattr& attribute) {
    const auto type = nla_type(&attribute);
    rule.by_traffic = rule.by_traffic || is_about_traffic(type);
    if (type == FRA_IP_PROTO) rule.ip_protocol = number_in<std::uint8_t>(&attribute).value_or(0);
    if (type == FRA_SPORT_RANGE) rule.source_ports = ports_in(&attribute);
    if (type == FRA_DPORT_RANGE) rule.destination_ports = ports_in(&attribute);
    if (type == kDscp)
      rule.tos = static_cast<std::uint8_t>(number_in<std::uint8_t>(&attribute).value_or(0) << 2U);
  });
}

bool chooses_by_more(const nlmsghdr& header) {
  const nlattr* attribute = nlmsg_attrdata(&header, sizeof(fib_rule_hdr));
  int left = nlmsg_attrlen(&header, sizeof(fib_rule_hdr));
  for (; nla_ok(attribute, left) != 0; attribute = nla_next(attribute, &left)) {
    const auto type = nla_type(attribute);
    if (type != FRA_DST && type != FRA_IIFNAME && !is_about_traffic(type) && !is_plain(*attribute))
      return true;
  }
  return false;
}

net::PolicyRule::Action action_of(std::uint8_t action) {
  switch (action) {
    case FR_ACT_TO_TBL:
      return net::PolicyRule::Action::lookup;
    case FR_ACT_BLACKHOLE:
    case FR_ACT_UNREACHABLE:
    case FR_ACT_PROHIBIT:
      return net::PolicyRule::Action::drop;
    default:
      return net::PolicyRule::Action::other;
  }
}

bool has_unknown_selectors(const nlmsghdr& header, const fib_rule_hdr& fixed) {
  if (fixed.action != FR_ACT_TO_TBL || fixed.dst_len != 0 || fixed.tos != 0) return true;
  if ((fixed.flags & FIB_RULE_INVERT) != 0) return true;
  const nlattr* attribute = nlmsg_attrdata(&header, sizeof(fib_rule_hdr));
  int left = nlmsg_attrlen(&header, sizeof(fib_rule_hdr));
  for (; nla_ok(attribute, left) != 0; attribute = nla_next(attribute, &left)) {
    if (!is_plain(*attribute)) return true;
  }
  return false;
}

}  // namespace

net::Result<Message> encode_rule(net::Verb verb, const net::Rule& rule) {
  const bool removal = verb == net::Verb::remove;
  if (verb == net::Verb::replace) return net::failure(EINVAL, "rules cannot be replaced");
  if (rule.unknown_selectors && !removal)
    return net::failure(EINVAL, "the agent makes no rules of this shape");

  fib_rule_hdr header{};
  header.family = family_number(rule.source.family());
  header.src_len = rule.source.length();
  header.table = rule.table < 256 ? static_cast<std::uint8_t>(rule.table) : std::uint8_t{RT_TABLE_UNSPEC};
  header.action = rule.unknown_selectors ? FR_ACT_UNSPEC : FR_ACT_TO_TBL;
  Message message(removal ? RTM_DELRULE : RTM_NEWRULE,
                  NLM_F_REQUEST | (removal ? 0 : NLM_F_CREATE | NLM_F_EXCL), header);
  if (rule.source.length() > 0) message.put(FRA_SRC, rule.source.network());
  message.put(FRA_TABLE, rule.table);
  message.put(FRA_PRIORITY, rule.priority);
  message.put_byte(FRA_PROTOCOL, rule.protocol);
  return message;
}

Message encode_rule_dump(net::Family family) {
  fib_rule_hdr header{};
  header.family = family_number(family);
  return {RTM_GETRULE, NLM_F_REQUEST | NLM_F_DUMP, header};
}

std::optional<net::Rule> decode_rule(const nlmsghdr& header) {
  if (header.nlmsg_type != RTM_NEWRULE && header.nlmsg_type != RTM_DELRULE) return std::nullopt;
  const auto parsed = parse<fib_rule_hdr>(header, kRulePolicy);
  if (!parsed) return std::nullopt;
  const auto& fixed = parsed->fixed;
  if (fixed.family != AF_INET && fixed.family != AF_INET6) return std::nullopt;
  const auto family = fixed.family == AF_INET ? net::Family::ipv4 : net::Family::ipv6;
  const auto network = parsed->has(FRA_SRC) ? address_in((*parsed)[FRA_SRC]) : net::Address::any(family);
  if (!network || network->family() != family) return std::nullopt;
  const auto source = net::Prefix::around(*network, fixed.src_len);
  if (!source) return std::nullopt;
  const auto* protocol = (*parsed)[FRA_PROTOCOL];
  return net::Rule{.priority = parsed->u32(FRA_PRIORITY, 0),
                   .source = *source,
                   .table = parsed->u32(FRA_TABLE, fixed.table),
                   .protocol = protocol == nullptr ? std::uint8_t{0} : nla_get_u8(protocol),
                   .unknown_selectors = has_unknown_selectors(header, fixed)};
}

std::optional<net::PolicyRule> decode_policy_rule(const nlmsghdr& header) {
  const auto rule = decode_rule(header);
  if (!rule) return std::nullopt;
  const auto parsed = parse<fib_rule_hdr>(header, kRulePolicy);
  if (!parsed) return std::nullopt;
  const auto& fixed = parsed->fixed;
  const auto family = rule->source.family();
  const auto network = parsed->has(FRA_DST) ? address_in((*parsed)[FRA_DST]) : net::Address::any(family);
  if (!network || network->family() != family) return std::nullopt;
  const auto destination = net::Prefix::around(*network, fixed.dst_len);
  if (!destination) return std::nullopt;
  net::PolicyRule policy_rule{.priority = rule->priority,
                              .source = rule->source,
                              .destination = *destination,
                              .iif = text_in((*parsed)[FRA_IIFNAME]),
                              .inverted = (fixed.flags & FIB_RULE_INVERT) != 0,
                              .narrow = chooses_by_more(header),
                              .action = action_of(fixed.action),
                              .table = rule->table,
                              .protocol = rule->protocol};
  note_traffic(header, fixed, policy_rule);
  return policy_rule;
}

std::string rule_text(const net::Rule& rule) {
  return fmt::format("from {} lookup {} priority {} protocol {}", rule.source.text(), rule.table,
                     rule.priority, rule.protocol);
}

}  // namespace netlink
