#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/mac_address.h"
#include "net/prefix.h"

namespace observed {

/// One NIC of this VM as Azure describes it: no name, no gateway, no MTU (IMDS has none of these).
struct Nic {
  net::MacAddress mac;
  /// Every private address; the first of each family is the primary ipconfig's, which DHCP hands out.
  std::vector<net::Address> addresses;
  /// The subnets that the addresses live in.
  std::vector<net::Prefix> subnets;

  /// The primary address of the family, if the NIC has one.
  [[nodiscard]] std::optional<net::Address> primary(net::Family family) const {
    for (const auto& address : addresses) {
      if (address.family() == family) return address;
    }
    return std::nullopt;
  }
  /// The subnet that holds the address, if Azure names one.
  [[nodiscard]] std::optional<net::Prefix> subnet_of(const net::Address& address) const {
    for (const auto& subnet : subnets) {
      if (subnet.contains(address)) return subnet;
    }
    return std::nullopt;
  }

  bool operator==(const Nic&) const = default;
};

/// Who this VM is; a field that Azure left out is empty.
struct NodeIdentity {
  std::string name;           ///< compute.name: NOT the Kubernetes node name on Uniform scale sets
  std::string computer_name;  ///< osProfile.computerName
  std::string vm_id;          ///< GUID, equal to the SMBIOS product UUID
  std::string resource_id;    ///< ARM id
  std::string location;
  std::string vm_scale_set;
  std::string environment = {};  ///< compute.azEnvironment: "AzurePublicCloud", …

  bool operator==(const NodeIdentity&) const = default;
};

/// IMDS's answer about this VM: never empty of NICs and addresses (such a document is refused by the parser).
struct NodeNetwork {
  NodeIdentity identity;
  std::vector<Nic> nics;

  bool operator==(const NodeNetwork&) const = default;
};

}  // namespace observed
