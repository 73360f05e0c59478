#pragma once

#include <netlink/attr.h>

#include <array>
#include <optional>

#include "net/address.h"

namespace netlink {

/// Room for the attributes 0..Last of a message, filled by nlmsg_parse().
template <int Last>
using Attributes = std::array<nlattr*, Last + 1>;

/// The attribute's bytes as an address; nullopt when it is absent or of a strange length.
inline std::optional<net::Address> address_in(const nlattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(nla_data(attribute));
  const auto address = net::Address::from_bytes({bytes, static_cast<std::size_t>(nla_len(attribute))});
  return address ? std::optional(*address) : std::nullopt;
}

/// The attribute's 32-bit value, or `otherwise` when it is absent.
inline std::uint32_t u32_in(const nlattr* attribute, std::uint32_t otherwise) {
  return attribute == nullptr ? otherwise : nla_get_u32(attribute);
}

}  // namespace netlink
