#include "agent/http/text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "net/foreign_text.h"

namespace agent::http {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// The text with every ill-formed piece replaced; `escape` answers the replacement of an ASCII character, or
/// nothing when it stays.
template <class Escape>
std::string rewritten(std::string_view text, Escape escape) {
  std::string result;
  result.reserve(text.size());
  std::size_t kept = 0;  // what lies between here and `at` stays
  for (std::size_t at = 0; at < text.size();) {
    const auto piece = net::utf8_piece(text.substr(at));
    std::string_view instead = kReplacement;
    if (piece.well_formed) instead = piece.length == 1 ? escape(text[at]) : std::string_view{};
    if (!instead.empty()) {
      result.append(text.substr(kept, at - kept)).append(instead);
      kept = at + piece.length;
    }
    at += piece.length;
  }
  return result.append(text.substr(kept));
}

/// "\\u0000" to "\\u001f".
constexpr auto kJsonControls = [] {
  std::array<std::array<char, 6>, 0x20> escapes{};
  for (std::size_t i = 0; i < escapes.size(); ++i) {
    escapes.at(i) = {'\\', 'u', '0', '0', i < 0x10 ? '0' : '1', "0123456789abcdef"[i % 0x10]};
  }
  return escapes;
}();

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::tm utc(net::WallTime time) {
  return fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time)));
}

std::string in_units(std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit) {
  return small == 0 ? fmt::format("{} {}", large, large_unit)
                    : fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  return rewritten(text, [](char) { return std::string_view{}; });
}

std::string html_escaped(std::string_view text) {
  return rewritten(text, [](char c) -> std::string_view {
    switch (c) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '"':
        return "&quot;";
      case '\'':
        return "&#39;";
      default:
        return is_control(c) ? " " : "";
    }
  });
}

std::string label_escaped(std::string_view text) {
  return rewritten(text, [](char c) -> std::string_view {
    switch (c) {
      case '\\':
        return "\\\\";
      case '"':
        return "\\\"";
      case '\n':
        return "\\n";
      default:
        return "";
    }
  });
}

std::string json_escaped(std::string_view text) {
  return rewritten(text, [](char c) -> std::string_view {
    switch (c) {
      case '"':
        return "\\\"";
      case '\\':
        return "\\\\";
      case '\n':
        return "\\n";
      case '\t':
        return "\\t";
      default:
        break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= kJsonControls.size()) return {};
    const auto& escape = kJsonControls.at(byte);
    return {escape.data(), escape.size()};
  });
}

std::size_t characters_of(std::string_view text) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++characters) at += net::utf8_piece(text.substr(at)).length;
  return characters;
}

std::string shortened(std::string_view text, std::size_t most) {
  std::size_t characters = 0;
  std::size_t end = 0;  // of the last character that leaves room for the ellipsis
  for (std::size_t at = 0; at < text.size();) {
    if (++characters > most) return std::string(text.substr(0, end)) + "…";
    at += net::utf8_piece(text.substr(at)).length;
    if (characters < most) end = at;
  }
  return std::string(text);
}

std::string utc_text(net::WallTime time) { return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", utc(time)); }

std::string http_date(net::WallTime time) { return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", utc(time)); }

std::string unix_seconds(net::WallTime time) {
  const std::int64_t total =
      std::chrono::floor<std::chrono::milliseconds>(std::max(time, net::WallTime{}).time_since_epoch())
          .count();
  return fmt::format("{}.{:03}", total / 1000, total % 1000);
}

std::string duration_text(std::chrono::seconds duration) {
  const std::int64_t total = std::max<std::int64_t>(0, duration.count());
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{} min", total / 60);
  if (total < 86'400) return in_units(total / 3600, "h", total / 60 % 60, "min");
  return in_units(total / 86'400, "d", total / 3600 % 24, "h");
}

}  // namespace agent::http
