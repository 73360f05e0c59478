#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/mac_address.h"
#include "net/prefix.h"

namespace net {

/// An address as it stands on a link.
struct LinkAddress {
  Address address;
  std::uint8_t prefix_length = 0;

  bool operator==(const LinkAddress&) const = default;
};

/// What a link of kind "vxlan" carries (IFLA_INFO_DATA).
struct Vxlan {
  std::uint32_t vni = 0;
  std::uint16_t port = 0;        ///< UDP destination; 8472 is the kernel's own default, 4789 IANA's
  std::optional<Address> local;  ///< the source of what it sends
  std::uint32_t device = 0;      ///< index of the link that it sends by; 0: as routed
  bool learning = false;

  bool operator==(const Vxlan&) const = default;
};

/// A network device of this machine with its addresses, as RTM_GETLINK and RTM_GETADDR show it.
struct Link {
  std::uint32_t index = 0;
  std::string name;
  /// Absent for devices without a 6-byte address.
  std::optional<MacAddress> mac;
  /// Index of the device that this one is enslaved to (IFLA_MASTER); 0 = none.
  std::uint32_t master = 0;
  std::uint32_t mtu = 0;
  /// IFLA_INFO_KIND: "veth", "bridge", …; empty for hardware.
  std::string kind;
  bool up = false;       ///< IFF_UP: administratively up
  bool carrier = false;  ///< IFF_LOWER_UP
  bool slave = false;    ///< IFF_SLAVE: Azure's VF under its synthetic NIC bears it (also before IFLA_MASTER)
  bool loopback = false;       ///< IFF_LOOPBACK
  std::optional<Vxlan> vxlan;  ///< of kind "vxlan" alone
  std::vector<LinkAddress> addresses;

  [[nodiscard]] bool has(const Address& wanted) const {
    for (const auto& each : addresses) {
      if (each.address == wanted) return true;
    }
    return false;
  }

  bool operator==(const Link&) const = default;
};

/// Empty where none of them has this index.
std::string_view link_name(std::span<const Link> links, std::uint32_t index);

}  // namespace net
