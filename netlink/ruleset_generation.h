#pragma once

#include <cstdint>
#include <optional>

#include "net/error.h"
#include "netlink/rtnl_socket.h"

namespace netlink {

/// The number that the kernel gives the rules of nftables (iptables-nft's are of them), in the network
/// namespace of the thread that asks first: another one after every transaction that changed any
/// (NFT_MSG_GETGEN). Not thread-safe.
class RulesetGeneration {
 public:
  /// The kernel loads nf_tables to answer. EPERM without CAP_NET_ADMIN. Takes microseconds.
  net::Result<std::uint32_t> read();

 private:
  std::optional<Socket> socket_;  ///< it is asked each minute: opening one costs more than the answer
};

}  // namespace netlink
