#pragma once

#include <string_view>
#include <vector>

#include "checks/facts.h"
#include "observed/host_settings.h"

namespace checks {

/// The verdict on the first packet of a connection between a pod of this node and one of another.
struct ForwardVerdict {
  enum Kind : std::uint8_t { passes, drops, undecided };
  Kind kind = passes;
  /// The rule that drops it, and its chain; nullptr: the policy of the hook's own chain does.
  const observed::FilterRule* rule = nullptr;
  std::string_view chain = {};
  std::string_view table = {};  ///< of that chain
  bool is_sent = true;          ///< the packet is one that a pod of this node sends; false: one that it gets
  net::Family family = net::Family::ipv4;  ///< of the packet
  /// `undecided` for this alone: the rule is about a link, and none is known by which such packets go.
  bool lacks_link = false;
};

/// Of the CIDRs that are known; IPv4 where none is.
std::vector<net::Family> families_of_pods(const Facts& facts);

/// Follows the rules as the kernel does, for a packet of each direction of which nothing is known but that a
/// pod of this node sends or gets it, by which links, and what addresses pods have; of a chain that both
/// families meet, for each that pods use. A rule for some of them
/// accepts, and only one for all of them drops. `undecided`: it depends on marks of others', or on
/// conditions of which nothing is known, or the rules were cut. The rule and the chain are the filter's.
ForwardVerdict forward_verdict(const Facts& facts, const observed::PacketFilter& filter);
ForwardVerdict forward_verdict(const Facts& facts, const observed::FilterHook& hook);

/// The first packet of one connection, as this node forwards it.
struct ForwardedPacket {
  std::string_view in = {};   ///< the link by which it comes
  std::string_view out = {};  ///< and the one by which it goes
  net::Address source;
  net::Address destination;
  std::string_view protocol = "tcp";  ///< or "udp"
};

/// The same for this packet alone: a rule drops it that drops others of its pod, or none of them.
ForwardVerdict forward_verdict(const ForwardedPacket& packet, const observed::PacketFilter& filter);
ForwardVerdict forward_verdict(const ForwardedPacket& packet, const observed::FilterHook& hook);

}  // namespace checks
