#pragma once

#include <optional>
#include <span>
#include <vector>

#include "audit/cluster_mode.h"
#include "audit/report.h"
#include "observed/cluster.h"

namespace audit {

struct Options {
  std::optional<node::Mode> mode;
  std::vector<net::Prefix> cluster_cidrs;  ///< empty: inferred from the nodes'
};

/// Whether Azure has anything to say about such a cluster.
bool needs_azure(const Options& options, std::span<const observed::ClusterNode> nodes);

/// Judges the whole cluster. What could not be read is among the unknown, and nothing follows from it.
Report audit(const observed::Cluster& cluster, const Options& options);

}  // namespace audit
