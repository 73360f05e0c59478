#pragma once

#include <string_view>

#include "net/error.h"
#include "observed/node_network.h"

namespace imds {

/// Reads a metadata document: /metadata/instance, the object at /metadata/instance/network, or the array at
/// /metadata/instance/network/interface.
///
/// Values are taken as strings, numbers or booleans. What cannot be used is left out and the rest kept: an
/// interface without a MAC address, an empty or malformed address, a subnet that is no network (host bits are
/// cleared; /0 says nothing). IMDS names no IPv6 subnets, so an IPv6 address that no listed subnet holds
/// brings its /64, the only length that Azure has
/// (https://learn.microsoft.com/azure/virtual-network/ip-services/ipv6-overview). The order of interfaces and
/// addresses is kept; an interface without any address stays.
///
/// EBADMSG, naming what is missing, when the text is not strict JSON (UTF-8, at most 32 levels, no key twice)
/// or has no interface with a MAC address, or no address on any of them.
net::Result<observed::NodeNetwork> parse(std::string_view json);

}  // namespace imds
