#include "https/sent_secrets.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "net/foreign_text.h"

namespace https {
namespace {

constexpr int kLayers = 3;
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr unsigned kBase64Bits = 6;
constexpr unsigned kBase32Bits = 5;
constexpr std::uint64_t kAlphabet = 36;  // '0' to '9' and 'a' to 'z'

/// Digits of so many bits each, without padding, and without the last one where that depends on what follows.
std::string encoded(std::string_view text, std::string_view alphabet, unsigned bits_each) {
  std::string digits;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= bits_each; held -= bits_each)
      digits += alphabet[bits >> (held - bits_each) & ((1U << bits_each) - 1)];
  }
  return digits;
}

std::string hexadecimal(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  for (const char c : text) {
    digits += kDigits[static_cast<unsigned char>(c) >> 4];
    digits += kDigits[static_cast<unsigned char>(c) & 0xf];
  }
  return digits;
}

struct Escape {
  char meant;
  std::size_t length;
};

std::optional<char> number(std::string_view digits, int base) {
  unsigned value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  // No credential has another character (a header could not carry it), but it may stand between two of one.
  return value > 0x7e ? ' ' : static_cast<char>(value);
}

std::optional<Escape> fixed(std::string_view text, std::size_t digits_at, std::size_t digits) {
  if (text.size() < digits_at + digits) return std::nullopt;
  const auto meant = number(text.substr(digits_at, digits), 16);
  if (!meant) return std::nullopt;
  return Escape{*meant, digits_at + digits};
}

/// %65, \u0065, \x65, \/, \n, &#101; and &#x65; at the beginning of the text.
std::optional<Escape> escape_at(std::string_view text) {
  constexpr std::size_t kLongestEntity = 10;
  if (text.size() < 2) return std::nullopt;
  if (text[0] == '%') return fixed(text, 1, 2);
  if (text[0] == '\\') {
    if (text[1] == 'u') return fixed(text, 2, 4);
    if (text[1] == 'x') return fixed(text, 2, 2);
    return Escape{std::string_view("nrtbf").find(text[1]) == std::string_view::npos ? text[1] : ' ', 2};
  }
  if (text[0] != '&' || text[1] != '#') return std::nullopt;
  const auto end = text.substr(0, kLongestEntity).find(';');
  if (end == std::string_view::npos || end < 3) return std::nullopt;
  const bool hex = text[2] == 'x' || text[2] == 'X';
  const auto meant = number(text.substr(hex ? 3 : 2, end - (hex ? 3 : 2)), hex ? 16 : 10);
  if (!meant) return std::nullopt;
  return Escape{*meant, end + 1};
}

/// Takes one layer of escapes off; false when there was none.
bool unescape(std::string& text) {
  std::size_t to = 0;
  for (std::size_t at = 0; at < text.size(); ++to) {
    const auto escape = escape_at(std::string_view(text).substr(at)).value_or(Escape{text[at], 1});
    at += escape.length;
    text[to] = escape.meant;
  }
  const bool any = to != text.size();
  text.resize(to);
  return any;
}

/// 0 to 35 for a letter of either case or a digit; nullopt for what is passed over.
std::optional<std::uint64_t> digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return std::nullopt;
}

/// The letters and digits alone, in lower case.
std::string squashed(std::string_view text) {
  std::string squashed;
  for (const char c : text) {
    if (digit(c)) squashed += c;
  }
  return net::lower(squashed);
}

/// The last kShared letters and digits of a text, as one number: 36^12 is below 2^64.
class Window {
 public:
  /// True when there are so many.
  bool take(std::uint64_t digit) {
    value_ = value_ % kMost * kAlphabet + digit;
    return ++taken_ >= SentSecrets::kShared;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  static constexpr std::uint64_t kMost = [] {
    std::uint64_t most = 1;
    for (std::size_t i = 1; i < SentSecrets::kShared; ++i) most *= kAlphabet;
    return most;
  }();

  std::uint64_t value_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace

SentSecrets::SentSecrets(const Request& request) {
  for (const auto& [name, value] : request.headers) {
    if (net::same_ignoring_case(name, "Authorization")) withhold(value.substr(value.find(' ') + 1));
  }
  for (const auto& secret : request.secrets) withhold(secret);
}

void SentSecrets::withhold(std::string_view secret) {
  add(secret);
  add(std::string(secret.rbegin(), secret.rend()));
  add(hexadecimal(secret));
  // Base64 takes three bytes at a time, base32 five: a secret looks otherwise for each place in them where it
  // begins. What base64 for URLs has instead of '+' and '/' is passed over, as these are.
  for (std::size_t from = 0; from < std::min<std::size_t>(3, secret.size()); ++from)
    add(encoded(secret.substr(from), kBase64, kBase64Bits));
  for (std::size_t from = 0; from < std::min<std::size_t>(5, secret.size()); ++from)
    add(encoded(secret.substr(from), kBase32, kBase32Bits));
}

void SentSecrets::add(std::string_view form) {
  auto word = squashed(form);
  if (word.size() < kShortest) return;
  if (word.size() < kShared) return short_.push_back(std::move(word));
  Window window;
  for (const char c : word) {
    if (window.take(*digit(c))) runs_.insert(window.value());
  }
}

bool SentSecrets::are_as_they_stand_in(std::string_view text) const {
  Window window;
  for (const char c : text) {
    const auto value = digit(c);
    if (value && window.take(*value) && runs_.contains(window.value())) return true;
  }
  if (short_.empty()) return false;
  const auto all = squashed(text);
  return std::any_of(short_.begin(), short_.end(),
                     [&all](const auto& form) { return all.find(form) != std::string::npos; });
}

bool SentSecrets::are_in(std::string_view text) const {
  if (empty()) return false;
  if (are_as_they_stand_in(text)) return true;
  std::string plain(text);
  for (int layer = 0; layer < kLayers && unescape(plain); ++layer) {
    if (are_as_they_stand_in(plain)) return true;
  }
  return false;
}

}  // namespace https
