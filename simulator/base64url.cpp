#include "simulator/base64url.h"

#include <cstdint>

namespace simulator {
namespace {

constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned kBits = 6;
constexpr unsigned kByte = 8;
constexpr std::uint32_t kLowest = (1U << kBits) - 1;

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    held = (held << kByte) | static_cast<std::uint8_t>(c);
    for (bits += kByte; bits >= kBits; bits -= kBits) text += kBase64Url[(held >> (bits - kBits)) & kLowest];
  }
  if (bits > 0) text += kBase64Url[(held << (kBits - bits)) & kLowest];
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const auto digit = kBase64Url.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    held = (held << kBits) | static_cast<std::uint32_t>(digit);
    bits += kBits;
    if (bits >= kByte) {
      bits -= kByte;
      bytes += static_cast<char>(held >> bits);
    }
  }
  if (to_base64url(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace simulator
