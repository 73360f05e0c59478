#include "https/sent_secrets.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "net/ascii_case.h"

namespace https {
namespace {

constexpr int kLayers = 3;
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Without padding, and without the last digit where that depends on what follows.
std::string base64(std::string_view text) {
  std::string digits;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) digits += kBase64[bits >> (held - 6) & 0x3f];
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

/// A text whose escapes are resolved, and where in the original each character ends.
struct Plain {
  std::string text;
  std::vector<std::uint32_t> ends;

  [[nodiscard]] std::size_t begin_of(std::size_t at) const { return at == 0 ? 0 : ends[at - 1]; }
};

struct Escape {
  char meant;
  std::size_t length;
};

std::optional<char> number(std::string_view digits, int base) {
  unsigned value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  // No credential has another character: a header could not carry it.
  if (error != std::errc{} || stop != end || value > 0x7e) return std::nullopt;
  return static_cast<char>(value);
}

std::optional<Escape> fixed(std::string_view text, std::size_t digits_at, std::size_t digits) {
  if (text.size() < digits_at + digits) return std::nullopt;
  const auto meant = number(text.substr(digits_at, digits), 16);
  if (!meant) return std::nullopt;
  return Escape{*meant, digits_at + digits};
}

/// %65, \u0065, \x65, \/, &#101; and &#x65; at the beginning of the text.
std::optional<Escape> escape_at(std::string_view text) {
  constexpr std::size_t kLongestEntity = 10;
  if (text.size() < 2) return std::nullopt;
  if (text[0] == '%') return fixed(text, 1, 2);
  if (text[0] == '\\') {
    if (text[1] == 'u') return fixed(text, 2, 4);
    if (text[1] == 'x') return fixed(text, 2, 2);
    return Escape{text[1], 2};
  }
  if (text[0] != '&' || text[1] != '#') return std::nullopt;
  const auto end = text.substr(0, kLongestEntity).find(';');
  if (end == std::string_view::npos || end < 3) return std::nullopt;
  const bool hex = text[2] == 'x' || text[2] == 'X';
  const auto meant = number(text.substr(hex ? 3 : 2, end - (hex ? 3 : 2)), hex ? 16 : 10);
  if (!meant) return std::nullopt;
  return Escape{*meant, end + 1};
}

Plain as_it_is(std::string_view text) {
  Plain plain{.text = std::string(text), .ends = std::vector<std::uint32_t>(text.size())};
  for (std::size_t i = 0; i < text.size(); ++i) plain.ends[i] = static_cast<std::uint32_t>(i + 1);
  return plain;
}

/// Takes one layer of escapes off, in place; false when there was none.
bool unescape(Plain& plain) {
  std::size_t to = 0;
  const std::string_view text = plain.text;
  for (std::size_t at = 0; at < text.size(); ++to) {
    const auto escape = escape_at(text.substr(at)).value_or(Escape{text[at], 1});
    at += escape.length;
    plain.text[to] = escape.meant;
    plain.ends[to] = plain.ends[at - 1];
  }
  const bool any = to != text.size();
  plain.text.resize(to);
  plain.ends.resize(to);
  return any;
}

}  // namespace

SentSecrets::SentSecrets(const Request& request) {
  for (const auto& [name, value] : request.headers) {
    if (net::same_ignoring_case(name, "Authorization")) withhold(value.substr(value.find(' ') + 1));
  }
  for (const auto& secret : request.secrets) withhold(secret);
}

void SentSecrets::withhold(std::string_view secret) {
  if (secret.size() < kShortest) return;
  add(std::string(secret));
  add(hexadecimal(secret));
  // Base64 takes three bytes at a time: a secret looks otherwise for each place in them where it begins.
  for (std::size_t from = 0; from < 3; ++from) {
    auto form = base64(secret.substr(from));
    auto of_urls = form;
    std::replace(of_urls.begin(), of_urls.end(), '+', '-');
    std::replace(of_urls.begin(), of_urls.end(), '/', '_');
    add(std::move(form));
    add(std::move(of_urls));
  }
}

void SentSecrets::add(std::string form) {
  form = net::lower(form);
  if (form.size() < kShared) return short_.push_back(std::move(form));
  for (std::size_t at = 0; at + kShared <= form.size(); ++at) runs_.insert(form.substr(at, kShared));
}

void SentSecrets::blot_out(std::string& text) const {
  if (empty()) return;
  auto plain = as_it_is(text);
  std::vector<std::pair<std::size_t, std::size_t>> blots;
  for (int layer = 0; layer <= kLayers; ++layer) {
    if (layer > 0 && !unescape(plain)) break;
    const auto lower = net::lower(plain.text);
    const auto blot = [&](std::size_t at, std::size_t length) {
      blots.emplace_back(plain.begin_of(at), plain.ends[at + length - 1]);
    };
    std::string run;
    for (std::size_t at = 0; at + kShared <= lower.size(); ++at) {
      run.assign(lower, at, kShared);
      if (runs_.contains(run)) blot(at, kShared);
    }
    for (const auto& form : short_) {
      for (auto at = lower.find(form); at != std::string::npos; at = lower.find(form, at + 1))
        blot(at, form.size());
    }
  }
  for (const auto& [begin, end] : blots)
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin),
              text.begin() + static_cast<std::ptrdiff_t>(end), '*');
}

}  // namespace https
