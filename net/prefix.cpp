#include "net/prefix.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "net/foreign_text.h"

namespace net {
namespace {

/// The address with all bits behind `length` cleared.
Address masked(const Address& address, unsigned length) {
  std::array<std::uint8_t, 16> bytes{};
  const auto from = address.bytes();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto kept =
        static_cast<unsigned>(std::clamp<int>(static_cast<int>(length) - static_cast<int>(8 * i), 0, 8));
    bytes.at(i) = static_cast<std::uint8_t>(from[i] & (0xff00U >> kept));
  }
  return *Address::from_bytes(std::span(bytes).first(from.size()));
}

}  // namespace

Result<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return failure(EINVAL,
                   fmt::format("'{}' is not a CIDR: write address/length, such as 10.1.0.0/16", text));
  }
  const auto address = Address::parse(text.substr(0, slash));
  const auto length = parse_number<unsigned>(text.substr(slash + 1));
  if (!address || !length || *length > address_bits(address->family())) {
    return failure(EINVAL,
                   fmt::format("'{}' is not a CIDR: write address/length, such as 10.1.0.0/16", text));
  }
  const auto network = *around(*address, *length);
  if (network.network() != *address) {
    return failure(EINVAL, fmt::format("'{}' has host bits set: did you mean {}?", text, network.text()));
  }
  return network;
}

Result<Prefix> Prefix::around(const Address& address, unsigned length) {
  if (length > address_bits(address.family())) {
    return failure(EINVAL, fmt::format("/{} is too long for the {} address {}", length,
                                       family_name(address.family()), address.text()));
  }
  Prefix prefix;
  prefix.network_ = masked(address, length);
  prefix.length_ = static_cast<std::uint8_t>(length);
  return prefix;
}

Prefix Prefix::host(const Address& address) { return *around(address, address_bits(address.family())); }

Prefix Prefix::any(Family family) { return *around(Address::any(family), 0); }

bool Prefix::contains(const Address& address) const {
  if (address.family() != family()) return false;
  const auto ours = network_.bytes();
  const auto theirs = address.bytes();
  const std::size_t whole = length_ / 8U;
  const unsigned rest = length_ % 8U;
  const auto begin = ours.first(whole);
  if (!std::equal(begin.begin(), begin.end(), theirs.begin())) return false;
  return rest == 0 || (ours[whole] >> (8U - rest)) == (theirs[whole] >> (8U - rest));
}

bool Prefix::contains(const Prefix& other) const {
  return other.length_ >= length_ && contains(other.network_);
}

Result<Address> Prefix::first_host() const {
  if (length_ == address_bits(family())) {
    return failure(EINVAL, fmt::format("{} is a single address and has no gateway", text()));
  }
  std::array<std::uint8_t, 16> bytes{};
  const auto from = network_.bytes();
  std::copy(from.begin(), from.end(), bytes.begin());
  bytes.at(from.size() - 1) |= 1;  // a network with a second address has its last bit clear
  return Address::from_bytes(std::span(bytes).first(from.size()));
}

std::string Prefix::text() const { return fmt::format("{}/{}", network_.text(), length_); }

std::string joined(std::span<const Prefix> prefixes) {
  std::string text;
  for (const auto& each : prefixes) text += fmt::format("{}{}", text.empty() ? "" : ", ", each.text());
  return text;
}

}  // namespace net
