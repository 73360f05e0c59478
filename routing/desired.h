#pragma once

#include <cstdint>
#include <vector>

#include "net/prefix.h"
#include "net/route.h"
#include "net/rule.h"
#include "net/shared.h"

namespace routing {

/// Table, and priority of the source rules, for pods on a NIC that is not the primary one.
inline constexpr std::uint32_t kPodTable = 16925;

/// The sink's metric: above every connected route of the same prefix (cbr0, cni0 have 0), which therefore
/// wins.
inline constexpr std::uint32_t kSinkMetric = 1000000;

/// What this node's kernel should hold under our protocol number.
struct Desired {
  net::SharedList<net::Route> routes;
  std::vector<net::Rule> rules;
  /// False while the NIC cannot be resolved: what else is wanted is not known, so nothing may be removed.
  bool complete = true;
  /// CIDRs whose routes are not made, since they lie inside a subnet of one of this VM's NICs.
  std::vector<net::Prefix> withheld;
  /// Interface index of the NIC while its link is down, else 0: the kernel takes no route by it.
  std::uint32_t down_device = 0;
  /// This node's pod CIDRs are not known yet: what catches their unused addresses may be right and stays.
  bool node_cidrs_awaited = false;

  bool operator==(const Desired&) const = default;
};

}  // namespace routing
