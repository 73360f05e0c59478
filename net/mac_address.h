#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/error.h"

namespace net {

/// A 48-bit Ethernet address.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  /// Any spelling in use: 000D3AF806EC (IMDS), 00:0d:3a:f8:06:ec (Linux), 00-0D-3A-F8-06-EC (ARM),
  /// 000d.3af8.06ec; EINVAL with the text otherwise.
  static Result<MacAddress> parse(std::string_view text);

  /// Linux's spelling: 00:0d:3a:f8:06:ec.
  [[nodiscard]] std::string text() const;

  auto operator<=>(const MacAddress&) const = default;
};

}  // namespace net
