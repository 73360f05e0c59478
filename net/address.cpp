#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

namespace net {

std::string_view family_name(Family family) { return family == Family::ipv4 ? "IPv4" : "IPv6"; }

Result<Address> Address::parse(std::string_view text) {
  const std::string terminated(text);
  Address address;
  // An embedded NUL would end the text early for inet_pton.
  if (terminated.find('\0') == std::string::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes_.data()) == 1) return address;
    address.family_ = Family::ipv6;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
  }
  return failure(EINVAL, fmt::format("'{}' is not an IP address", text));
}

Result<Address> Address::from_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) {
    return failure(EINVAL, fmt::format("an IP address has 4 or 16 bytes, not {}", bytes.size()));
  }
  Address address;
  address.family_ = bytes.size() == 4 ? Family::ipv4 : Family::ipv6;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

Address Address::any(Family family) {
  Address address;
  address.family_ = family;
  return address;
}

bool Address::is_unspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](auto byte) { return byte == 0; });
}

bool Address::is_loopback() const {
  if (family_ == Family::ipv4) return bytes_[0] == 127;
  return bytes_.back() == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; });
}

bool Address::is_link_local() const {
  if (family_ == Family::ipv4) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  return inet_ntop(family_ == Family::ipv4 ? AF_INET : AF_INET6, bytes_.data(), buffer.data(), buffer.size());
}

}  // namespace net
