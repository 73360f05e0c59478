#include "agent/http/text.h"

#include <array>
#include <cstddef>

namespace agent::http {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// What a lead byte asks for: how many bytes follow, and the range of the first of them (Unicode, table 3-7).
struct Lead {
  std::size_t following = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

bool lead_of(unsigned char byte, Lead& lead) {
  if (byte < 0x80) {
    lead = {0, 0x80, 0xBF};
  } else if (byte >= 0xC2 && byte <= 0xDF) {
    lead = {1, 0x80, 0xBF};
  } else if (byte == 0xE0) {
    lead = {2, 0xA0, 0xBF};
  } else if (byte == 0xED) {
    lead = {2, 0x80, 0x9F};
  } else if (byte >= 0xE1 && byte <= 0xEF) {
    lead = {2, 0x80, 0xBF};
  } else if (byte == 0xF0) {
    lead = {3, 0x90, 0xBF};
  } else if (byte >= 0xF1 && byte <= 0xF3) {
    lead = {3, 0x80, 0xBF};
  } else if (byte == 0xF4) {
    lead = {3, 0x80, 0x8F};
  } else {
    return false;
  }
  return true;
}

/// The next piece of the text: a whole character, or an ill-formed subpart.
struct Piece {
  std::size_t length = 1;
  bool well_formed = false;
};

Piece next_piece(std::string_view text) {
  Lead lead;
  if (!lead_of(static_cast<unsigned char>(text.front()), lead)) return {1, false};
  std::size_t length = 1;
  for (; length <= lead.following; ++length) {
    if (length == text.size()) return {length, false};
    const auto byte = static_cast<unsigned char>(text[length]);
    if (byte < lead.low || byte > lead.high) return {length, false};
    lead.low = 0x80;
    lead.high = 0xBF;
  }
  return {length, true};
}

/// The text with every ill-formed piece replaced; `escape` answers what stands for an ASCII character, or
/// nothing when it stands for itself.
template <class Escape>
std::string rewritten(std::string_view text, Escape escape) {
  std::string result;
  result.reserve(text.size());
  std::size_t kept = 0;  // what lies between here and `at` stands for itself
  for (std::size_t at = 0; at < text.size();) {
    const Piece piece = next_piece(text.substr(at));
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

}  // namespace

std::string valid_utf8(std::string_view text) {
  return rewritten(text, [](char) { return std::string_view{}; });
}

std::string single_line(std::string_view text) {
  return rewritten(text, [](char c) { return is_control(c) ? std::string_view(" ") : std::string_view{}; });
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

}  // namespace agent::http
