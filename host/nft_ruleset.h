#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/error.h"
#include "observed/host_settings.h"

namespace host {

/// A table's family and name.
using NftTable = std::pair<std::string, std::string>;

/// The tables with chains that forwarded packets meet, IPv4, in what `nft -j list chains` prints, but for
/// those that parse_nft_ruleset() leaves out. EBADMSG also where a name cannot stand in a command of nft's.
net::Result<std::vector<NftTable>> tables_met_by_forwarded(std::string_view json);

/// The chains on hooks prerouting, forward and postrouting, IPv4, in what `nft -j list table` or `list
/// ruleset` prints (libnftables-json(5)), with the words of iptables: "ACCEPT", "DROP", "REJECT", "RETURN",
/// "eth+" for "eth*". Left out are iptables' own, which its save program shows, and those of kube-proxy and
/// Felix, who accept what they do not drop for a Service or a policy. EBADMSG for what is no such text.
net::Result<std::vector<observed::FilterHook>> parse_nft_ruleset(std::string_view json);

}  // namespace host
