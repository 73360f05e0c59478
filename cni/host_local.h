#pragma once

#include <span>
#include <string>
#include <vector>

#include "net/address.h"

namespace cni {

/// The addresses that host-local has given away, sorted: it names a file after each, beside "lock" and
/// "last_reserved_ip.0".
/// https://github.com/containernetworking/plugins/blob/main/plugins/ipam/host-local/backend/disk/backend.go
std::vector<net::Address> reserved_addresses(std::span<const std::string> names);

}  // namespace cni
