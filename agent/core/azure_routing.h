#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/azure_network.h"
#include "net/prefix.h"

namespace agent {

/// Azure's choice for packets that leave a subnet.
/// https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
struct AzureChoice {
  net::Prefix prefix;
  std::string next_hop_type;
  std::optional<net::Address> next_hop;
  /// The user-defined route's name; empty: a system route.
  std::string route;
};

/// The longest prefix that contains the destination; of equal ones the user-defined route before the
/// system's. Routes that are being deleted, and service tags, do not count; BGP is not seen. `network`
/// nullptr: the virtual network's own prefixes are not known.
AzureChoice azure_choice(const net::AzureRouteTable* table, const net::AzureVirtualNetwork* network,
                         const net::Address& destination);

}  // namespace agent
