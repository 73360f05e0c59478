#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "net/names.h"
#include "net/prefix.h"
#include "net/rule.h"

namespace observed {

enum class AzureDirection : std::uint8_t { inbound, outbound };
inline constexpr auto kAzureDirectionNames = std::to_array<net::Named<AzureDirection>>(
    {{AzureDirection::inbound, "Inbound"}, {AzureDirection::outbound, "Outbound"}});

enum class AzureAccess : std::uint8_t { allow, deny };
inline constexpr auto kAzureAccessNames =
    std::to_array<net::Named<AzureAccess>>({{AzureAccess::allow, "Allow"}, {AzureAccess::deny, "Deny"}});

enum class AzureProtocol : std::uint8_t { any, tcp, udp, icmp, esp, ah };
inline constexpr auto kAzureProtocolNames =
    std::to_array<net::Named<AzureProtocol>>({{AzureProtocol::any, "*"},
                                              {AzureProtocol::tcp, "Tcp"},
                                              {AzureProtocol::udp, "Udp"},
                                              {AzureProtocol::icmp, "Icmp"},
                                              {AzureProtocol::esp, "Esp"},
                                              {AzureProtocol::ah, "Ah"}});

/// One side of a security rule: any of these.
struct AzureAddresses {
  bool any = false;  ///< "*", of both families
  std::vector<net::Prefix> prefixes;
  std::vector<std::string> tags;  ///< names of service tags, as written
  /// Names of application security groups: which NICs they hold is not asked.
  std::vector<std::string> groups;

  bool operator==(const AzureAddresses&) const = default;
};

struct AzureSecurityRule {
  std::string name;
  std::uint32_t priority = 0;
  AzureDirection direction = AzureDirection::inbound;
  AzureAccess access = AzureAccess::allow;
  AzureProtocol protocol = AzureProtocol::any;
  AzureAddresses source;
  AzureAddresses destination;
  std::vector<net::PortRange> source_ports;  ///< "*" is 0 to 65535
  std::vector<net::PortRange> destination_ports;

  bool operator==(const AzureSecurityRule&) const = default;
};

/// A network security group, its own rules and Azure's default ones.
struct AzureSecurityGroup {
  std::string id;
  std::vector<AzureSecurityRule> rules;  ///< by priority, the first to be asked first

  bool operator==(const AzureSecurityGroup&) const = default;
};

}  // namespace observed
