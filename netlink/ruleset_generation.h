#pragma once

#include <cstdint>

#include "net/error.h"

namespace netlink {

/// The number that the kernel gives the rules of nftables (iptables-nft's are of them), in the network
/// namespace of this thread: another one after every transaction that changed any (NFT_MSG_GETGEN). The
/// kernel loads nf_tables to answer. EPERM without CAP_NET_ADMIN. Takes microseconds; from any thread.
net::Result<std::uint32_t> ruleset_generation();

}  // namespace netlink
