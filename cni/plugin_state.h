#pragma once

#include <sys/types.h>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "observed/cni.h"

namespace cni {

/// flannel's subnet.env: KEY=VALUE lines. EBADMSG, as a predicate of the file ("has no FLANNEL_MTU: half
/// written?"), for what flannel's own plug-in would refuse.
net::Result<observed::FlannelLease> parse_subnet_env(std::string_view text);

/// The addresses that host-local has given away, sorted: it names a file after each, beside "lock" and
/// "last_reserved_ip.0".
/// https://github.com/containernetworking/plugins/blob/main/plugins/ipam/host-local/backend/disk/backend.go
std::vector<net::Address> reserved_addresses(std::span<const std::string> names);

/// Whether the file holds one JSON object, as azure-vnet.json and azure-endpoints.json do; EBADMSG, as a
/// predicate of the file, if not.
net::Result<void> check_azure_state(std::string_view text);

/// The addresses in azure-vnet-ipam.json, over all address spaces and pools; what is absent counts as none.
/// EBADMSG, as a predicate of the file, for what is no JSON object.
/// https://github.com/Azure/azure-container-networking/blob/master/ipam/pool.go
net::Result<observed::AzureCniState::Pool> parse_azure_pool(std::string_view text);

/// Whether the text of /proc/locks shows a flock(2) on that file. One that is only waited for does not count.
bool is_flocked(std::string_view proc_locks, dev_t device, ino_t inode);

struct AzureLocks {
  std::vector<observed::AzureCniState::Lock> held;
  std::string unknown;  ///< why some could not be read; empty: all were
};

/// The locks of azure-vnet and azure-vnet-ipam that are held, and since when by their modification time.
/// Takes none.
AzureLocks find_azure_locks(const std::filesystem::path& state);

}  // namespace cni
