#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "observed/azure_security_group.h"

namespace observed {

/// Azure's network around one NIC, as Azure Resource Manager shows it (read-only). Ids are ARM resource ids
/// in the spelling that ARM gave; they compare without regard to case.
/// https://learn.microsoft.com/rest/api/virtualnetwork/

/// An ipConfiguration of a NIC: properties.privateIPAddress and properties.subnet.id.
struct AzureIpConfiguration {
  net::Address address;
  std::string subnet_id;
  bool primary = false;

  bool operator==(const AzureIpConfiguration&) const = default;
};

struct AzureNic {
  std::string id;
  std::optional<net::MacAddress> mac;  ///< absent while the NIC is attached to no VM
  bool ip_forwarding = false;          ///< properties.enableIPForwarding
  std::vector<AzureIpConfiguration> configurations;
  /// properties.networkSecurityGroup.id as written; empty where Azure names none in it.
  std::optional<std::string> security_group_id = {};

  bool operator==(const AzureNic&) const = default;
};

struct AzureSubnet {
  std::string id;
  std::vector<net::Prefix> prefixes;  ///< addressPrefix or addressPrefixes
  std::string route_table_id;         ///< empty: no route table is associated
  /// As for the NIC.
  std::optional<std::string> security_group_id = {};

  bool operator==(const AzureSubnet&) const = default;
};

/// A route of a route table.
struct AzureRoute {
  std::string name;
  std::string destination;            ///< addressPrefix as written: a CIDR or the name of a service tag
  std::optional<net::Prefix> prefix;  ///< absent for a service tag
  std::string next_hop_type;          ///< VirtualAppliance, VnetLocal, Internet, VirtualNetworkGateway, None
  std::optional<net::Address> next_hop;
  std::string provisioning_state;  ///< Succeeded, Updating, Deleting, Failed, …

  bool operator==(const AzureRoute&) const = default;
};

struct AzureRouteTable {
  std::string id;
  std::string provisioning_state;
  std::vector<AzureRoute> routes;

  bool operator==(const AzureRouteTable&) const = default;
};

struct AzureVirtualNetwork {
  std::string id;
  std::vector<net::Prefix> address_space;
  /// The address spaces of the virtual networks that it is connected to by a peering.
  std::vector<net::Prefix> peered = {};

  bool operator==(const AzureVirtualNetwork&) const = default;
};

/// What one verification brought: each part, or why it could not be read. An Error is "could not look": no
/// permission (naming the RBAC action), throttled, no answer, not there.
struct AzureNetwork {
  /// When ARM was asked; it is asked every quarter of an hour. Absent: not known.
  std::optional<std::chrono::system_clock::time_point> read_at = {};
  net::Result<AzureNic> nic = net::failure(ENODATA, "ARM was not asked");
  net::Result<AzureSubnet> subnet = net::failure(ENODATA, "ARM was not asked");
  /// nullopt: the subnet has no route table.
  net::Result<std::optional<AzureRouteTable>> route_table = net::failure(ENODATA, "ARM was not asked");
  net::Result<AzureVirtualNetwork> network = net::failure(ENODATA, "ARM was not asked");
  /// Of the subnet and of the NIC, each once; empty: neither has one.
  net::Result<std::vector<AzureSecurityGroup>> security_groups = net::failure(ENODATA, "ARM was not asked");
};

}  // namespace observed
