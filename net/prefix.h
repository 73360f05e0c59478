#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/error.h"

namespace net {

/// A network: an address without host bits and a length. A shorter network sorts before its subnets.
class Prefix {
 public:
  /// 0.0.0.0/0
  constexpr Prefix() = default;

  /// "10.1.0.0/16". EINVAL, naming the network that was probably meant, when host bits are set; EINVAL for
  /// anything that is not address/length.
  static Result<Prefix> parse(std::string_view text);

  /// The network of that length that holds the address; EINVAL when the length is too large for the family.
  static Result<Prefix> around(const Address& address, unsigned length);

  /// The single-address network: /32 or /128.
  static Prefix host(const Address& address);

  /// 0.0.0.0/0 or ::/0.
  static Prefix any(Family family);

  [[nodiscard]] const Address& network() const { return network_; }
  [[nodiscard]] std::uint8_t length() const { return length_; }
  [[nodiscard]] Family family() const { return network_.family(); }
  [[nodiscard]] bool contains(const Address& address) const;
  /// True when every address of `other` is in this network (equal networks contain each other).
  [[nodiscard]] bool contains(const Prefix& other) const;
  [[nodiscard]] bool overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }
  /// Network address + 1: Azure's default gateway of a subnet
  /// (https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq: "x.x.x.1: Reserved by Azure for
  /// the default gateway"). EINVAL when the network has no second address.
  [[nodiscard]] Result<Address> first_host() const;
  [[nodiscard]] std::string text() const;

  auto operator<=>(const Prefix&) const = default;

 private:
  Address network_;
  std::uint8_t length_ = 0;
};

/// "10.1.0.0/16, 10.2.0.0/16"
std::string joined(std::span<const Prefix> prefixes);

/// True when one of them holds all of `prefix`.
template <class Prefixes>
bool any_contains(const Prefixes& prefixes, const Prefix& prefix) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&prefix](const Prefix& each) { return each.contains(prefix); });
}

}  // namespace net
