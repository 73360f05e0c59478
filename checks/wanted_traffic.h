#pragma once

#include <vector>

#include "checks/pod_network.h"
#include "node/security_rules.h"

namespace checks {

/// What the mode needs from the network between nodes.
struct Wanted {
  /// One after the other may be denied, each of them in full: TCP and UDP of all ports, or an overlay's port.
  std::vector<node::SecurityNeed> needs;
  struct Way {
    node::SecurityFlow flow;
    const char* words;
  };
  std::vector<Way> ways;
  std::vector<net::Prefix> ours;  ///< what rules have to name to be about these packets
  /// What a rule that admits them names, as every node of the cluster prints it.
  std::vector<net::Prefix> inbound_sources;
  std::vector<net::Prefix> peers;  ///< the other sides
};

/// One for each link of an overlay; or why it is not known. `azure` has its subnet and its security groups.
Seen<std::vector<Wanted>> wanted_of_network(const Facts& facts, const observed::AzureNetwork& azure);

template <class Prefixes>
std::vector<net::Prefix> of_family(const Prefixes& prefixes, net::Family family) {
  std::vector<net::Prefix> all;
  for (const auto& each : prefixes) {
    if (each.family() == family) all.push_back(each);
  }
  return all;
}

}  // namespace checks
