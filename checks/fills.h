#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "checks/facts.h"
#include "net/address.h"
#include "net/prefix.h"

namespace checks {

/// How full something is.
struct Fill {
  std::uint64_t used = 0;
  std::uint64_t room = 0;

  bool operator==(const Fill&) const = default;
};

/// What runs full on a node; nullopt: not known, or not there.
struct Fills {
  std::optional<Fill> conntrack;      ///< entries
  std::optional<Fill> pod_addresses;  ///< of host-local in this node's CIDRs, or of Azure CNI's pools
  std::optional<Fill> azure_routes;   ///< of the subnet's route table

  bool operator==(const Fills&) const = default;
};

Fills fills(const Facts& facts);

/// Addresses of a node's CIDR that host-local gives away: without the network's own, the gateway's and the
/// broadcast one.
std::uint64_t usable_addresses(const net::Prefix& cidr);
/// Those that host-local has given away of it.
std::vector<net::Address> reserved_of(const observed::HostLocalNetwork& network, const net::Prefix& cidr);
/// Nullptr: it has none of that name.
const observed::HostLocalNetwork* network_named(const std::vector<observed::HostLocalNetwork>& networks,
                                                std::string_view name);

}  // namespace checks
