#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "agent/core/snapshot.h"
#include "net/link.h"
#include "net/node_network.h"

namespace agent {

/// The document about this VM that is in force, and the rules by which a new one takes its place:
/// - a failure never does: the last good document stays;
/// - a document whose NICs match no link of this machine counts only when kReadingsWithoutLink readings in a
/// row say
///   so (after a NIC change Azure may serve a stale one for a while);
/// - a kept document from disk is in force until the first live one.
class NodeDocument {
 public:
  static constexpr int kReadingsWithoutLink = 3;

  /// A document from the cache, saved at `saved` (already found to be of this VM).
  void take_cached(net::NodeNetwork network, std::string api_version, WallTime saved);
  /// A usable answer of IMDS. Without `links` (they could not be looked at) it cannot be held against this
  /// machine, and counts.
  void take_reading(net::NodeNetwork network, std::string api_version,
                    const std::optional<std::span<const net::Link>>& links, MonoTime now, WallTime wall);
  void take_failure(std::string error);

  [[nodiscard]] const std::optional<net::NodeNetwork>& in_force() const { return network_; }
  [[nodiscard]] const ImdsStatus& status() const { return status_; }
  /// Counts the readings: the same number is the same reading (RemovalGuard).
  [[nodiscard]] std::uint64_t reading() const { return reading_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  std::optional<net::NodeNetwork> network_;
  ImdsStatus status_;
  std::uint64_t reading_ = 0;
  std::uint64_t failures_ = 0;
  int without_link_ = 0;
};

}  // namespace agent
