#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "net/address.h"
#include "net/change.h"
#include "net/error.h"
#include "net/link.h"
#include "net/prefix.h"
#include "net/route.h"
#include "net/rule.h"

namespace net {

/// The port through which the core sees the kernel's network configuration of this network namespace.
/// Every call is synchronous and answers from a complete, consistent dump: an interrupted one is repeated
/// inside. An Error means "unknown": nothing may be concluded from it.
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  /// All devices with their addresses, by index.
  virtual Result<std::vector<Link>> links() = 0;

  /// Every route that bears the protocol number, in every table, both families, in the kernel's order.
  virtual Result<std::vector<Route>> routes(std::uint8_t protocol) = 0;

  /// Every route of the table to exactly one of these destinations, whoever owns it.
  virtual Result<std::vector<Route>> routes_to(std::uint32_t table, std::span<const Prefix> destinations) = 0;

  /// Every policy rule that bears the protocol number, both families.
  virtual Result<std::vector<Rule>> rules(std::uint8_t protocol) = 0;

  /// The route that a packet from this machine to the address would take (RTM_GETROUTE with RTM_F_FIB_MATCH:
  /// the matching entry itself). ENETUNREACH or EHOSTUNREACH when there is none.
  virtual Result<Route> lookup(const Address& destination) = 0;

  /// Applies in order and carries on after a refusal. An Error: some changes may have been made, which
  /// ones is unknown; dump again.
  virtual Result<std::vector<Refusal>> apply(std::span<const Change> changes) = 0;
};

}  // namespace net
