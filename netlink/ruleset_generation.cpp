#include "netlink/ruleset_generation.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <utility>

#include "netlink/attributes.h"
#include "netlink/message.h"
#include "netlink/rtnl_socket.h"

namespace netlink {
namespace {

constexpr int kAsked = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
constexpr SocketOptions kForOneNumber = {.protocol = NETLINK_NETFILTER,
                                         .receive_buffer = 1 << 15,
                                         .send_buffer = 1 << 15,
                                         .largest_datagram = 1 << 12};

net::Result<std::uint32_t> ask(Socket& socket) {
  const Message request(kAsked, NLM_F_REQUEST,
                        nfgenmsg{.nfgen_family = 0, .version = NFNETLINK_V0, .res_id = 0});
  if (auto sent = socket.send(request.bytes()); !sent) return net::pass_on(sent);
  net::Result<std::uint32_t> generation =
      net::failure(EIO, "nftables: no answer about the rules' generation");
  const auto received = socket.receive([&generation](const nlmsghdr& header) {
    if (header.nlmsg_type == NLMSG_ERROR) {
      const auto outcome = outcome_in(header);
      generation = net::failure(outcome.error, "nftables: the rules' generation: " + outcome.words);
      return;
    }
    constexpr auto kPolicy = u32_policy<NFTA_GEN_MAX>({NFTA_GEN_ID});
    const auto answer = parse<nfgenmsg>(header, kPolicy);
    if (answer && answer->has(NFTA_GEN_ID)) generation = answer->u32(NFTA_GEN_ID, 0);
  });
  if (!received) return net::pass_on(received);
  return generation;
}

}  // namespace

net::Result<std::uint32_t> RulesetGeneration::read() {
  if (!socket_) {
    auto opened = Socket::open(kForOneNumber);
    if (!opened) return net::pass_on(opened);
    socket_ = std::move(*opened);
  }
  auto generation = ask(*socket_);
  if (!generation) socket_.reset();  // whatever it still holds is not the next answer
  return generation;
}

}  // namespace netlink
