#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "node/security_rules.h"
#include "remedy/remedy.h"

// What network security groups do to the packets that a cluster needs, and the rule that would admit them.
namespace node {

/// What the mode needs from the network between nodes.
struct Wanted {
  /// One after the other may be denied, each of them in full: TCP and UDP of all ports, or an overlay's port.
  std::vector<SecurityNeed> needs;
  struct Way {
    SecurityFlow flow;
    const char* words;
  };
  std::vector<Way> ways;
  std::vector<net::Prefix> ours;  ///< what rules have to name to be about these packets
  /// What a rule that admits them names, as every node of the cluster prints it.
  std::vector<net::Prefix> inbound_sources;
  std::vector<net::Prefix> peers;  ///< the other sides
};

template <class Prefixes>
std::vector<net::Prefix> of_family(const Prefixes& prefixes, net::Family family) {
  std::vector<net::Prefix> all;
  for (const auto& each : prefixes) {
    if (each.family() == family) all.push_back(each);
  }
  return all;
}

/// From each of the sources to each of the destinations of its family.
void add_ways(Wanted& wanted, observed::AzureDirection direction, std::span<const net::Prefix> sources,
              std::span<const net::Prefix> destinations, const char* words);

/// True when a rule makes a difference between addresses within these networks.
bool is_divided(std::span<const observed::AzureSecurityGroup> groups, std::span<const net::Prefix> networks);

/// Those of a subnet and of a NIC in it; null: none.
struct SecurityGroups {
  const observed::AzureSecurityGroup* subnet = nullptr;
  const observed::AzureSecurityGroup* nic = nullptr;

  /// In the order in which Azure asks them.
  /// https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works
  [[nodiscard]] std::vector<const observed::AzureSecurityGroup*> of(
      observed::AzureDirection direction) const {
    std::vector<const observed::AzureSecurityGroup*> all;
    for (const auto* each : {direction == observed::AzureDirection::inbound ? subnet : nic,
                             direction == observed::AzureDirection::inbound ? nic : subnet}) {
      if (each != nullptr && std::find(all.begin(), all.end(), each) == all.end()) all.push_back(each);
    }
    return all;
  }
};

/// A rule that denies a way, and all that is needed of it.
struct SecurityLoss {
  const observed::AzureSecurityGroup* group = nullptr;
  const observed::AzureSecurityRule* rule = nullptr;
  const Wanted* wanted = nullptr;
  const Wanted::Way* way = nullptr;
  std::uint32_t before = 0;  ///< the priority before which a rule has to stand that admits it

  [[nodiscard]] net::Family family() const { return way->flow.source.family(); }
  [[nodiscard]] bool is_admitted_with(const SecurityLoss& other) const {
    return group == other.group && way->flow.direction == other.way->flow.direction &&
           family() == other.family() && wanted == other.wanted;
  }
};

struct SecurityJudgement {
  std::vector<SecurityLoss> losses;
  std::string doubt;   ///< what it is not known of; empty: nothing
  std::string policy;  ///< whose rules admit a part; empty: none
};

/// Adds what the groups do with one way of the wanted. Each need may be denied alone; the way is lost where
/// all are.
void judge(const Wanted& wanted, const Wanted::Way& way, const SecurityGroups& groups,
           const VirtualNetworkTag& tag, SecurityJudgement& judged);

/// One of those that the same new rule admits.
std::vector<SecurityLoss> distinct_losses(std::span<const SecurityLoss> losses);

std::string loss_text(const SecurityLoss& loss, const SecurityGroups& groups);

struct GroupOwner {
  bool is_run_by_aks = false;
};

/// The rule that admits it. Every node of the cluster prints the same one, so that the second who pastes it
/// changes nothing.
remedy::Remedy admit(const SecurityLoss& loss, const GroupOwner& owner);

}  // namespace node
