#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/prefix.h"
#include "observed/azure_network.h"
#include "observed/azure_security_group.h"

// Which rule of a network security group decides on pods' packets.
// https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
namespace node {

/// How much of what is asked about a rule takes. `unknown`: all of it or nothing.
enum class Cover : std::uint8_t { none, unknown, part, whole };

/// What the service tag VirtualNetwork holds, as far as the virtual network, its peerings and the subnet's
/// route table tell: prefixes of user-defined routes are in it. Networks behind a gateway are in it, too, and
/// are not seen here. https://learn.microsoft.com/azure/virtual-network/service-tags-overview
class VirtualNetworkTag {
 public:
  VirtualNetworkTag(const observed::AzureVirtualNetwork& network, const observed::AzureRouteTable* table);

  /// `unknown` for what no part of it holds.
  [[nodiscard]] Cover of(const net::Prefix& prefix) const;

 private:
  const observed::AzureVirtualNetwork& network_;
  const observed::AzureRouteTable* table_;
};

/// Packets from every address of the one to every address of the other, of one family.
struct SecurityFlow {
  observed::AzureDirection direction = observed::AzureDirection::inbound;
  net::Prefix source;
  net::Prefix destination;
};

/// What has to pass: every port of a protocol, or one.
struct SecurityNeed {
  observed::AzureProtocol protocol = observed::AzureProtocol::tcp;
  std::optional<std::uint16_t> port = {};
};

struct SecurityDecision {
  enum class Verdict : std::uint8_t {
    admitted,
    by_policy,  ///< some ports of these very addresses, or some addresses, are admitted: somebody has chosen
    uncertain,  ///< `rule` may match or not
    denied,     ///< all of it, by `rule`
  };
  Verdict verdict = Verdict::admitted;
  const observed::AzureSecurityRule* rule = nullptr;  ///< null: no rule decides
  /// Before it a rule must stand that is to admit the flow.
  std::uint32_t before = 0;
};

/// What one group does with the flow: its first rule by priority that takes all of it decides. A rule that
/// takes a part, such as one port or one address, denies no flow. `ours`: the networks that a rule has to
/// name, or a part of them, to be about them.
SecurityDecision decide(const observed::AzureSecurityGroup& group, const SecurityFlow& flow,
                        const SecurityNeed& need, const VirtualNetworkTag& tag,
                        std::span<const net::Prefix> ours);

}  // namespace node
