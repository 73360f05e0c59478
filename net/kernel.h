#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/change.h"
#include "net/error.h"
#include "net/link.h"
#include "net/prefix.h"
#include "net/route.h"
#include "net/rule.h"

namespace net {

/// A packet that the kernel is asked about: where would it take it?
struct Flow {
  /// From this machine itself.
  explicit Flow(const Address& destination) : to(destination) {}

  Address to;
  std::optional<Address> from = {};
  std::uint32_t incoming = 0;    ///< the link by which it comes; 0: it is this machine's own
  std::uint8_t ip_protocol = 0;  ///< IPPROTO_*; 0: the kernel chooses
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t tos = 0;
};

/// Takes routes out of dumps, one by one.
class RouteVisitor {
 public:
  RouteVisitor() = default;
  RouteVisitor(const RouteVisitor&) = delete;
  RouteVisitor& operator=(const RouteVisitor&) = delete;
  virtual ~RouteVisitor() = default;

  /// A dump begins, perhaps again, since it was interrupted: what came after the last end() is void.
  virtual void begin() = 0;
  virtual void take(const Route& route) = 0;
  /// The dump was complete and consistent.
  virtual void end() = 0;
};

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

  /// Hands over every route of the table that bears the protocol number, both families, in the kernel's
  /// order; table 0 = every one.
  virtual Result<void> take_routes(std::uint8_t protocol, std::uint32_t table, RouteVisitor& visitor) = 0;
  /// The same as a list, of every table.
  Result<std::vector<Route>> routes(std::uint8_t protocol);

  /// Every route of the table to exactly one of these destinations, which ascend, with any protocol.
  virtual Result<std::vector<Route>> routes_to(std::uint32_t table, std::span<const Prefix> destinations) = 0;

  /// Every policy rule that bears the protocol number, both families.
  virtual Result<std::vector<Rule>> rules(std::uint8_t protocol) = 0;

  /// The route that the packet would take (RTM_GETROUTE with RTM_F_FIB_MATCH: the matching entry itself).
  /// ENETUNREACH or EHOSTUNREACH when there is none. IPv4 packets of a link are also refused where it does
  /// not forward (EHOSTUNREACH) or where its rp_filter does not let them in (EINVAL, EXDEV).
  Result<Route> lookup(const Flow& flow) { return std::move(lookups(std::span(&flow, 1)).front()); }
  /// Of each packet, in their order; many for little more than the price of one.
  virtual std::vector<Result<Route>> lookups(std::span<const Flow> flows) = 0;

  /// Applies in order and carries on after a refusal. An Error: some changes may have been made, which
  /// ones is unknown; dump again.
  virtual Result<std::vector<Refusal>> apply(std::span<const Change> changes) = 0;

  /// How many dumps were interrupted by changes and made again, since it was opened.
  [[nodiscard]] virtual std::uint64_t interrupted_dumps() const { return 0; }

  /// Runs between two parts of a dump, some 240 routes each: for notifications that cannot wait. It may call
  /// apply() and nothing else of this.
  void set_between_parts(std::function<void()> act) { between_parts_ = std::move(act); }

 protected:
  void between_parts() const {
    if (between_parts_) between_parts_();
  }

 private:
  std::function<void()> between_parts_;
};

}  // namespace net
