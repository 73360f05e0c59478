#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "observed/host_settings.h"

namespace host {

/// What the save program of each of iptables' backends shows, where it is installed. Loads no kernel module.
std::vector<observed::PacketFilter> packet_filters(std::chrono::steady_clock::time_point finish_by);

/// What nft(8) shows of chains that forwarded packets meet, beside iptables' own tables.
net::Result<std::vector<observed::FilterHook>> nft_chains(std::chrono::steady_clock::time_point finish_by);

/// What iptables-save(8) writes.
observed::PacketFilter parse_iptables_save(std::string backend, std::string_view text);

}  // namespace host
