#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/kernel.h"
#include "routing/sync_status.h"

namespace routing {

/// A packet between a pod of this node and one of another, as a rule of others chooses it: what the kernel
/// does with it shows whether the rule leads it away.
struct PodFlow {
  net::Flow flow;
  net::Address elsewhere;             ///< the end that is another node's
  std::optional<std::uint32_t> link;  ///< that it is to leave by; nullopt: the wanted route's
  std::optional<net::Address> own;    ///< this node's own address, of the same family
  bool forwards = true;               ///< the link by which it comes
  bool stands_for_all = false;        ///< the rule chooses all of pods' packets in this direction
  std::string rule;                   ///< in a sentence: rule 100 "from …"
  std::uint32_t table = 0;            ///< where the rule leads; 0: it drops
};

/// Asks the kernel where each of the packets goes. One that takes another link than our route's, or none, is
/// led away by the rule where the same packet without what the rule chooses by is not: its route is
/// `shadowed`, or `failed` where all packets are dropped. What rp_filter or a link that does not forward may
/// have refused proves nothing. `rules` as for look_up().
void look_up_flows(net::Kernel& kernel, std::span<const net::Rule> rules, std::span<const PodFlow> flows,
                   SyncStatus& sync);

}  // namespace routing
