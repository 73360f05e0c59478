#pragma once

#include <string_view>

#include "agent/core/facts.h"
#include "net/host_settings.h"

namespace agent {

/// What becomes of the first packet of a connection of pods in one of iptables' backends.
struct ForwardVerdict {
  enum Kind : std::uint8_t { passes, drops, undecided };
  Kind kind = passes;
  /// The rule that drops it, and its chain; nullptr: FORWARD's policy does.
  const net::FilterRule* rule = nullptr;
  std::string_view chain = {};
};

/// Follows FORWARD as the kernel does, for a new packet of which nothing is known but that a pod sends or
/// gets it. `undecided`: it depends on marks of others', or the rules were cut. The rule and the chain are
/// the filter's.
ForwardVerdict forward_verdict(const Facts& facts, const net::PacketFilter& filter);

}  // namespace agent
