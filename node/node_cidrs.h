#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/prefix.h"
#include "node/policy.h"
#include "observed/cloud_state.h"
#include "observed/node_environment.h"

namespace node {

/// This node's pod CIDRs and their source.
struct NodeCidrs {
  std::vector<net::Prefix> cidrs = {};
  /// "static", "kubernetes", "flannel", "route-table"; empty while none has answered.
  std::string source = {};
  /// The source does not answer at the moment: these are its last ones.
  bool kept = false;
  /// No source has answered yet, but one may: what is in the kernel may be right.
  bool awaited = false;
  /// What another source has instead, in a sentence with both; empty when they agree.
  std::string disagreement = {};
  /// What a source has that cannot be a node's, in a sentence; none of it is in `cidrs`.
  std::string refused = {};

  bool operator==(const NodeCidrs&) const = default;
};

/// The sources in the order of evidence: the API server's spec.podCIDRs, in mode flannel its subnet.env, the
/// routes of Azure's route table (node_cidrs_of_table()), the configuration's own list; or the one that
/// pods.node_cidr_source names. A source that stops answering changes nothing (`before`): neither an outage
/// nor a restart in one takes routes away.
NodeCidrs decide_node_cidrs(const Policy& configured, const observed::CloudState& cloud_state,
                            const observed::NodeEnvironment& environment, std::string_view node_name,
                            const NodeCidrs& before);

}  // namespace node
