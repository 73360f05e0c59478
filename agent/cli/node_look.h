#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "agent/bundle/recorded_look.h"
#include "agent/cli/beside.h"
#include "agent/config/config.h"
#include "core/node_engine.h"
#include "core/snapshot.h"
#include "net/error.h"
#include "net/kernel.h"
#include "routing/route_diff.h"

namespace agent {

/// What a command without a daemon knows after one look: the daemon's own controller, which only observes.
struct NodeLook {
  std::unique_ptr<net::Kernel> kernel;
  core::NodePlan plan;
  std::shared_ptr<const core::Snapshot> snapshot;
  net::WallTime time{};  ///< when it was judged
};

/// What leaves a look at everything within the 5 s that `doctor` may take.
inline constexpr std::chrono::seconds kEverythingPatience{4};

/// IMDS within `patience` (or the configured read_timeout, if shorter), else the document kept on disk.
/// Error: the kernel could not be read. Without a document the plan has none: facts.network is absent.
net::Result<NodeLook> look_at_node(const Config& config, std::chrono::milliseconds patience,
                                   core::NodeEngine::Role role = core::NodeEngine::Role::observes);

/// The same, with everything that it was told and asked for.
struct RecordedNodeLook {
  NodeLook look;
  RecordedLook record;
};
net::Result<RecordedNodeLook> record_look(const Beside& beside, std::chrono::milliseconds patience);
/// What record_look() has found, found again. Error: the record does not fit this agent.
net::Result<NodeLook> repeat_look(const RecordedLook& record, const Config& config);

/// By which numbers routes are the agent's: that of the configuration, and those that its daemon on this VM
/// had before and has not seen the last route of.
std::vector<std::uint8_t> own_protocols(const Config& config, std::span<const net::Link> links);

/// All routes and rules that have any of them.
net::Result<routing::Actual> take_actual(net::Kernel& kernel, std::span<const std::uint8_t> protocols);

}  // namespace agent
