#pragma once

#include <compare>
#include <cstdint>
#include <string>

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
  bool unknown_selectors = false;

  auto operator<=>(const Rule&) const = default;
};

/// Empty: any port.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  [[nodiscard]] bool empty() const { return first == 0 && last == 0; }
  bool operator==(const PortRange&) const = default;
};

/// A policy rule of whomever, as far as it chooses by what packets themselves bear and by where they come
/// from.
struct PolicyRule {
  enum class Action : std::uint8_t {
    lookup,
    drop,   ///< blackhole, prohibit, unreachable
    other,  ///< goto, nop
  };

  std::uint32_t priority = 0;
  Prefix source;       ///< everything where it names none
  Prefix destination;  ///< the same
  std::string iif;     ///< empty: any
  bool inverted = false;
  /// It chooses by one of the next four.
  bool by_traffic = false;
  std::uint8_t ip_protocol = 0;  ///< IPPROTO_*; 0: any
  PortRange source_ports = {};
  PortRange destination_ports = {};
  std::uint8_t tos = 0;  ///< 0: any
  /// It chooses by more: a mark, a user, …; or takes no route of a table that is too general.
  bool narrow = false;
  Action action = Action::lookup;
  std::uint32_t table = 0;
  std::uint8_t protocol = 0;

  bool operator==(const PolicyRule&) const = default;
};

}  // namespace net
