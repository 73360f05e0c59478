#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "arm/cluster_requests.h"
#include "observed/cluster.h"

namespace arm {

/// What the audit of a cluster asks ARM first. Everything else is named by the answers.
struct ClusterPlan {
  std::vector<std::string> groups;      ///< ids of resource groups whose NICs are listed
  std::vector<std::string> scale_sets;  ///< ids of Uniform scale sets
  /// Ids of resource groups whose route tables are listed: a table that no subnet has is found by no other
  /// way.
  std::vector<std::string> table_groups;
  std::vector<std::string> tables;  ///< ids of tables that the caller names

  /// At least so many requests: a page each, and one for a virtual network.
  [[nodiscard]] std::size_t least() const {
    return groups.size() + scale_sets.size() + table_groups.size() + tables.size() + 1;
  }
};

/// From the nodes' providerIDs. An instance of a Uniform scale set is in its set's list alone, every other
/// machine in its resource group's.
ClusterPlan plan_of(std::span<const observed::ClusterNode> nodes);

/// Reads what the plan says and what that names: NICs of the nodes' machines, their virtual networks, the
/// tables and security groups. NICs of other machines are not kept. `expect` is told how many requests are
/// made in all as far as is known, before they are.
void read_cluster(ClusterRequests& requests, const ClusterPlan& plan,
                  const std::function<void(std::size_t)>& expect, observed::Cluster& cluster);

}  // namespace arm
