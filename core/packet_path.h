#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checks/facts.h"
#include "checks/packet_hops.h"
#include "core/snapshot.h"
#include "net/names.h"

namespace core {

/// How a station of a packet's way stands.
enum class HopState : std::uint8_t {
  good,     ///< looked at, and nothing is wrong
  unknown,  ///< nothing looks at it from here, or what does could not
  warning,  ///< a check fails that holds back nothing
  broken,   ///< a gate fails
};

inline constexpr auto kHopStateNames = std::to_array<net::Named<HopState>>({{HopState::good, "good"},
                                                                            {HopState::unknown, "unknown"},
                                                                            {HopState::warning, "warning"},
                                                                            {HopState::broken, "broken"}});
constexpr std::string_view hop_state_name(HopState state) { return net::name_of(kHopStateNames, state); }

struct PathHop {
  checks::Hop hop = checks::Hop::none;
  /// What stands there on this node: "10.244.0.0/16 via 10.240.0.1", "eth0 (10.240.0.4)"; empty: not known.
  std::string at;
  HopState state = HopState::unknown;
  std::vector<std::string> checks;  ///< the ids of those that look at it and apply here
};

/// The way of a pod's packet to a pod of another node, in the packet's order, as the snapshot's mode has it.
/// A pure function.
std::vector<PathHop> packet_path(const Snapshot& snapshot);

/// By the plug-in's file, else by the links that are there.
PathLinks path_links(const checks::Facts& facts);

}  // namespace core
