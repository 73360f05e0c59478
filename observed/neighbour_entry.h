#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/mac_address.h"
#include "net/names.h"

namespace observed {

/// How an entry of a link's ARP or ND table stands (NUD_* of linux/neighbour.h).
enum class NeighbourState : std::uint8_t {
  incomplete,  ///< asked for, not answered yet
  reachable,
  stale,  ///< answered once; the kernel asks again when a packet goes there (also NUD_DELAY, NUD_PROBE)
  failed,
  permanent,  ///< made by somebody (also NUD_NOARP)
};

/// As ip-neighbour(8) has them.
inline constexpr auto kNeighbourStateNames =
    std::to_array<net::Named<NeighbourState>>({{NeighbourState::incomplete, "INCOMPLETE"},
                                               {NeighbourState::reachable, "REACHABLE"},
                                               {NeighbourState::stale, "STALE"},
                                               {NeighbourState::failed, "FAILED"},
                                               {NeighbourState::permanent, "PERMANENT"}});

struct NeighbourEntry {
  NeighbourState state = NeighbourState::incomplete;
  std::optional<net::MacAddress> mac;

  bool operator==(const NeighbourEntry&) const = default;
};

}  // namespace observed
