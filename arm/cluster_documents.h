#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "observed/cluster.h"

namespace arm {

/// A page of a list. An entry that cannot be used is left out, and said: what was in it is not known, not
/// missing.
template <class T>
struct ClusterPage {
  std::vector<T> items;
  std::string next_link;  ///< a URL; empty on the last page
  std::optional<net::Error> unusable;
};

// Pure, as documents.h; EBADMSG for what is no list.

/// NICs of a resource group or of a scale set.
net::Result<ClusterPage<observed::ClusterNic>> parse_cluster_nics(std::string_view json);
net::Result<ClusterPage<observed::AzureRouteTable>> parse_route_tables(std::string_view json);
/// A virtual network with its subnets, which its document holds.
net::Result<observed::ClusterNetwork> parse_cluster_network(std::string_view json);

}  // namespace arm
