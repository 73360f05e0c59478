#include "netlink/nft_base_chains.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "netlink/attributes.h"
#include "netlink/dump.h"
#include "netlink/message.h"
#include "netlink/rtnl_socket.h"

namespace netlink {
namespace {

constexpr SocketOptions kForChains = {.protocol = NETLINK_NETFILTER};

std::string family_word(std::uint8_t family) {
  if (family == NFPROTO_INET) return "inet";
  if (family == NFPROTO_IPV4) return "ip";
  return family == NFPROTO_IPV6 ? "ip6" : "";
}

std::optional<net::Family> family_of(std::uint8_t family) {
  if (family == NFPROTO_IPV4) return net::Family::ipv4;
  return family == NFPROTO_IPV6 ? std::optional(net::Family::ipv6) : std::nullopt;
}

/// nullopt for a chain that stands at no hook.
std::optional<std::uint32_t> hook_in(nlattr* nested) {
  if (nested == nullptr) return std::nullopt;
  std::array<nlattr*, NFTA_HOOK_MAX + 1> attributes{};
  if (nla_parse_nested(attributes.data(), NFTA_HOOK_MAX, nested, nullptr) < 0) return std::nullopt;
  const auto number = number_in<std::uint32_t>(attributes.at(NFTA_HOOK_HOOKNUM));
  return number ? std::optional(ntohl(*number)) : std::nullopt;
}

std::optional<observed::FilterHook> decode(const nlmsghdr& header) {
  const auto chain = parse<nfgenmsg>(header, Policy<NFTA_CHAIN_MAX>{});
  if (!chain) return std::nullopt;
  const auto family = family_word(chain->fixed.nfgen_family);
  const auto hook = hook_in((*chain)[NFTA_CHAIN_HOOK]);
  if (family.empty() || !hook || text_in((*chain)[NFTA_CHAIN_TYPE]) == "nat") return std::nullopt;
  if (*hook != NF_INET_PRE_ROUTING && *hook != NF_INET_FORWARD && *hook != NF_INET_POST_ROUTING)
    return std::nullopt;
  return observed::FilterHook{.table = family + " " + text_in((*chain)[NFTA_CHAIN_TABLE]),
                              .chain = text_in((*chain)[NFTA_CHAIN_NAME]),
                              .family = family_of(chain->fixed.nfgen_family)};
}

}  // namespace

net::Result<std::vector<observed::FilterHook>> nft_base_chains() {
  auto socket = Socket::open(kForChains);
  if (!socket) return net::pass_on(socket);
  std::vector<observed::FilterHook> chains;
  Message request(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, NLM_F_REQUEST | NLM_F_DUMP,
                  nfgenmsg{.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0, .res_id = 0});
  const auto dumped = collect(*socket, std::move(request), chains, decode);
  if (!dumped) return net::pass_on(dumped);
  return chains;
}

}  // namespace netlink
