#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "net/error.h"

namespace net {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

/// "IPv4" or "IPv6".
std::string_view family_name(Family family);

/// Bits in an address of the family: 32 or 128.
constexpr unsigned address_bits(Family family) { return family == Family::ipv4 ? 32 : 128; }

/// An IPv4 or IPv6 address in network byte order. IPv4 before IPv6, then numerically.
class Address {
 public:
  /// 0.0.0.0
  constexpr Address() = default;

  /// Text as inet_pton(3) takes it; EINVAL with the text otherwise. No zone, no brackets.
  static Result<Address> parse(std::string_view text);

  /// From 4 or 16 bytes in network order; EINVAL for any other length.
  static Result<Address> from_bytes(std::span<const std::uint8_t> bytes);

  /// The all-zero address of the family.
  static Address any(Family family);

  [[nodiscard]] Family family() const { return family_; }
  /// 4 or 16 bytes, network order.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return std::span(bytes_).first(address_bits(family_) / 8);
  }
  [[nodiscard]] bool is_unspecified() const;
  /// 127.0.0.0/8 or ::1.
  [[nodiscard]] bool is_loopback() const;
  /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291).
  [[nodiscard]] bool is_link_local() const;
  /// Canonical text (RFC 5952 for IPv6).
  [[nodiscard]] std::string text() const;

  auto operator<=>(const Address&) const = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace net
