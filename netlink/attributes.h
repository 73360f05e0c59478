#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>

#include "net/address.h"
#include "net/mac_address.h"

namespace netlink {

/// What the attributes 0..Last of a message must look like; a message that disagrees is refused whole.
template <int Last>
using Policy = std::array<nla_policy, Last + 1>;

/// A policy that wants these attributes to hold at least 32 bits; the others may be anything.
template <int Last>
constexpr Policy<Last> u32_policy(std::initializer_list<int> attributes) {
  Policy<Last> policy{};
  for (const int attribute : attributes) policy.at(static_cast<std::size_t>(attribute)).type = NLA_U32;
  return policy;
}

/// A message taken apart: the fixed header, copied, and the attributes by number, null where absent. They
/// point into the message.
template <class Fixed, std::size_t Count>
struct Parsed {
  Fixed fixed{};
  std::array<nlattr*, Count> attributes{};

  [[nodiscard]] nlattr* operator[](int attribute) const {
    return attributes.at(static_cast<std::size_t>(attribute));
  }
  [[nodiscard]] bool has(int attribute) const { return (*this)[attribute] != nullptr; }
  /// The attribute's 32-bit value, or `otherwise` when it is absent. Only for what the policy checks to be
  /// one.
  [[nodiscard]] std::uint32_t u32(int attribute, std::uint32_t otherwise) const {
    return has(attribute) ? nla_get_u32((*this)[attribute]) : otherwise;
  }
};

/// nullopt when the message is shorter than the fixed header or an attribute disagrees with the policy. Safe
/// for any bytes that for_each_message() hands out.
template <class Fixed, std::size_t Count>
std::optional<Parsed<Fixed, Count>> parse(const nlmsghdr& header,
                                          const std::array<nla_policy, Count>& policy) {
  if (nlmsg_valid_hdr(&header, sizeof(Fixed)) == 0) return std::nullopt;
  Parsed<Fixed, Count> parsed;
  if (nlmsg_parse(const_cast<nlmsghdr*>(&header), sizeof(Fixed), parsed.attributes.data(), int{Count - 1},
                  policy.data()) < 0) {
    return std::nullopt;
  }
  std::memcpy(&parsed.fixed, nlmsg_data(&header), sizeof(Fixed));
  return parsed;
}

/// The attribute's bytes as an address; nullopt when it is absent or of a strange length.
inline std::optional<net::Address> address_in(const nlattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(nla_data(attribute));
  const auto address = net::Address::from_bytes({bytes, static_cast<std::size_t>(nla_len(attribute))});
  return address ? std::optional(*address) : std::nullopt;
}

/// The attribute's bytes as an Ethernet address; nullopt when it is absent or of another length.
inline std::optional<net::MacAddress> mac_in(const nlattr* attribute) {
  net::MacAddress mac;
  if (attribute == nullptr || static_cast<std::size_t>(nla_len(attribute)) != mac.bytes.size()) {
    return std::nullopt;
  }
  std::memcpy(mac.bytes.data(), nla_data(attribute), mac.bytes.size());
  return mac;
}

/// The attribute's bytes as a number, in the order that they have; nullopt when it is absent or of another
/// size. For what no policy has checked.
template <class Number>
std::optional<Number> number_in(const nlattr* attribute) {
  Number number{};
  if (attribute == nullptr || static_cast<std::size_t>(nla_len(attribute)) != sizeof(Number)) {
    return std::nullopt;
  }
  std::memcpy(&number, nla_data(attribute), sizeof(Number));
  return number;
}

/// Text up to its NUL, or to the end of the attribute where there is none; "" when it is absent.
inline std::string text_in(const nlattr* attribute) {
  if (attribute == nullptr) return "";
  const auto* text = static_cast<const char*>(nla_data(attribute));
  return {text, strnlen(text, static_cast<std::size_t>(nla_len(attribute)))};
}

}  // namespace netlink
