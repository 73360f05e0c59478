#pragma once

#include <string>
#include <string_view>

#include "checks/facts.h"
#include "net/address.h"

namespace checks {

/// The gate that reports why the family does not work on the NIC, and holds back readiness for it: "nic.up",
/// "nic.address". Checks of what is missing for that reason need not fail too. Empty: none does, also where
/// readiness.ignore lets it only warn, since another check has to hold back readiness then.
std::string_view nic_fault(const Facts& facts, net::Family family);

/// net.ipv6.conf.NIC.disable_ipv6, which `all` sets too: the kernel has taken the addresses away. As for
/// net::Sysctls.
std::string disable_ipv6_of(const net::Link& link);
bool is_ipv6_disabled(const Facts& facts);

}  // namespace checks
