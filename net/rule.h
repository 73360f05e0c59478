#pragma once

#include <compare>
#include <cstdint>

#include "net/prefix.h"

namespace net {

/// A policy rule `from SOURCE lookup TABLE` (ip-rule(8)): the only kind the agent makes.
struct Rule {
  std::uint32_t priority = 0;
  Prefix source;
  std::uint32_t table = 0;
  /// FRA_PROTOCOL: who owns the rule.
  std::uint8_t protocol = 0;
  /// The kernel's rule has a selector or action that the agent never uses (to, iif, fwmark, goto, …).
  bool foreign_shape = false;

  auto operator<=>(const Rule&) const = default;
};

}  // namespace net
