#pragma once

#include <vector>

#include "net/error.h"
#include "observed/host_settings.h"

namespace netlink {

/// The chains of nftables that packets meet at hooks prerouting, forward and postrouting, of families ip, ip6
/// and inet, in the network namespace of the calling thread: table, chain and family, of their rules nothing.
/// Those of type nat, which drop nothing, are left out. The kernel loads nf_tables to answer. EPERM without
/// CAP_NET_ADMIN; else as dump().
net::Result<std::vector<observed::FilterHook>> nft_base_chains();

}  // namespace netlink
