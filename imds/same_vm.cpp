#include "imds/same_vm.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <string_view>

namespace imds {
namespace {

using Uuid = std::array<std::uint8_t, 16>;

constexpr std::size_t kUuidLength = 36;  // as text

/// 8-4-4-4-12 hexadecimal digits of either case; nullopt for anything else and for the two values that
/// SMBIOS (DSP0134, 7.2.1) reserves for "not set": all zeros and all ones.
std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != kUuidLength) return std::nullopt;
  Uuid uuid{};
  std::size_t at = 0;
  for (auto& byte : uuid) {
    if (at == 8 || at == 13 || at == 18 || at == 23) {
      if (text[at++] != '-') return std::nullopt;
    }
    const char* digits = text.data() + at;
    const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
    if (error != std::errc{} || end != digits + 2) return std::nullopt;
    at += 2;
  }
  const auto all = [&uuid](std::uint8_t value) {
    return std::all_of(uuid.begin(), uuid.end(), [value](std::uint8_t byte) { return byte == value; });
  };
  if (all(0x00) || all(0xff)) return std::nullopt;
  return uuid;
}

/// The same UUID with its first three fields (4, 2 and 2 bytes) in the other byte order.
Uuid swapped(Uuid uuid) {
  std::reverse(uuid.begin(), uuid.begin() + 4);
  std::reverse(uuid.begin() + 4, uuid.begin() + 6);
  std::reverse(uuid.begin() + 6, uuid.begin() + 8);
  return uuid;
}

bool is_here(const observed::Nic& nic, std::span<const net::Link> links) {
  return std::any_of(links.begin(), links.end(), [&nic](const net::Link& link) {
    return link.mac == nic.mac && std::any_of(nic.addresses.begin(), nic.addresses.end(),
                                              [&link](const net::Address& each) { return link.has(each); });
  });
}

}  // namespace

bool same_vm(const observed::NodeNetwork& cached, const std::optional<std::string>& product_uuid,
             std::span<const net::Link> links) {
  if (const auto machine = product_uuid ? parse_uuid(*product_uuid) : std::nullopt) {
    const auto document = parse_uuid(cached.identity.vm_id);
    return document && (*document == *machine || *document == swapped(*machine));
  }
  return std::any_of(cached.nics.begin(), cached.nics.end(),
                     [links](const observed::Nic& nic) { return is_here(nic, links); });
}

std::optional<std::string> product_uuid(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string uuid;
  if (!(stream >> uuid)) return std::nullopt;
  return uuid;
}

}  // namespace imds
