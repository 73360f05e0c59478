#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "net/mac_address.h"
#include "net/route.h"
#include "net/rule.h"

namespace observed {

/// What others have programmed into the kernel for pods: read, never written.

/// A permanent entry of the ARP or ND table of a link: who an overlay's next hop is.
struct Neighbour {
  std::uint32_t device = 0;
  net::Address address;
  net::MacAddress mac;

  bool operator==(const Neighbour&) const = default;
};

/// An entry of a vxlan link's forwarding database: by which node a MAC is reached.
struct ForwardingEntry {
  std::uint32_t device = 0;
  net::MacAddress mac;
  std::optional<net::Address> destination;

  bool operator==(const ForwardingEntry&) const = default;
};

/// Whether a link computes the checksums of what it sends itself (ETHTOOL_GTXCSUM).
struct ChecksumOffload {
  std::uint32_t device = 0;
  bool on = false;

  bool operator==(const ChecksumOffload&) const = default;
};

struct DataPlane {
  /// Table main's routes of both families that lead by one of the links asked for, and whatever BIRD
  /// (protocol 12) or Calico's Felix (80) made there, also where it leads nowhere. Without the fe80::/64 of
  /// each link.
  std::vector<net::Route> routes;
  /// More of them were there than are kept.
  bool routes_cut = false;
  /// Of the vxlan links asked for.
  std::vector<Neighbour> neighbours;
  std::vector<ForwardingEntry> forwarding;
  /// More neighbours or forwarding entries were there than are kept.
  bool entries_cut = false;
  std::vector<ChecksumOffload> checksums;
  /// "from all lookup main" and "from all lookup default" (32766, 32767), IPv4.
  bool main_rule = true;
  bool default_rule = true;
  /// The rules that come before "from all lookup main" and choose packets by addresses, protocol, ports, TOS
  /// or the link that they come from alone; both families, in the kernel's order.
  std::vector<net::PolicyRule> rules_before_main;
  bool rules_cut = false;  ///< more of them were there than are kept
};

}  // namespace observed
