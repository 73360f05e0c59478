#include "imds/simulator/access_token.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace imds::simulator {
namespace {

constexpr std::string_view kIssuer = "simulated.";

/// The whole text as a number; nullopt for anything else.
template <class Number>
std::optional<Number> number(std::string_view digits, int base) {
  Number value{};
  const auto* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::string write_access_token(const AccessToken& token) {
  using std::chrono::seconds;
  const auto since = std::chrono::duration_cast<seconds>(token.expires.time_since_epoch());
  auto text = fmt::format("{}{}.", kIssuer, since.count());
  for (const char c : token.audience) text += fmt::format("{:02x}", static_cast<std::uint8_t>(c));
  return text;
}

std::optional<AccessToken> read_access_token(std::string_view text) {
  if (text.substr(0, kIssuer.size()) != kIssuer) return std::nullopt;
  text.remove_prefix(kIssuer.size());
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto expires = number<std::int64_t>(text.substr(0, dot), 10);
  auto digits = text.substr(dot + 1);
  if (!expires || digits.size() % 2 != 0) return std::nullopt;
  AccessToken token{.audience = {},
                    .expires = std::chrono::system_clock::time_point(std::chrono::seconds(*expires))};
  for (; !digits.empty(); digits.remove_prefix(2)) {
    const auto byte = number<std::uint8_t>(digits.substr(0, 2), 16);
    if (!byte) return std::nullopt;
    token.audience += static_cast<char>(*byte);
  }
  return token;
}

}  // namespace imds::simulator
