#include "net/mac_address.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace net {
namespace {

/// True when the separators of `text` stand where one spelling puts them: every `group` digits.
bool separated(std::string_view text, char separator, std::size_t group) {
  if (text.size() != 12 + 12 / group - 1) return false;
  for (std::size_t i = group; i < text.size(); i += group + 1) {
    if (text[i] != separator) return false;
  }
  return true;
}

}  // namespace

Result<MacAddress> MacAddress::parse(std::string_view text) {
  const bool known_spelling =
      text.size() == 12 || separated(text, ':', 2) || separated(text, '-', 2) || separated(text, '.', 4);
  std::string digits;
  for (const char c : text) {
    if (c != ':' && c != '-' && c != '.') digits += c;
  }
  MacAddress mac;
  bool valid = known_spelling && digits.size() == 12;
  for (std::size_t i = 0; valid && i < mac.bytes.size(); ++i) {
    const char* first = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(first, first + 2, mac.bytes.at(i), 16);
    valid = error == std::errc{} && end == first + 2;
  }
  if (!valid) return failure(EINVAL, fmt::format("'{}' is not a MAC address (12 hexadecimal digits)", text));
  return mac;
}

std::string MacAddress::text() const { return fmt::format("{:02x}", fmt::join(bytes, ":")); }

}  // namespace net
