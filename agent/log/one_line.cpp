#include "agent/log/one_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>

#include "net/foreign_text.h"

namespace agent {
namespace {

bool is_control(std::string_view sequence) {
  const auto first = static_cast<std::uint8_t>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7f;
  // C1, U+0080 to U+009F: a terminal takes U+009B for ESC [.
  return first == 0xc2 && static_cast<std::uint8_t>(sequence[1]) < 0xa0;
}

void append_escaped(std::string& line, std::string_view bytes) {
  for (const char byte : bytes) {
    switch (byte) {
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      case '\t':
        line += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(line), "\\x{:02x}", static_cast<std::uint8_t>(byte));
    }
  }
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const auto piece = net::utf8_piece(text);
    const auto sequence = text.substr(0, piece.length);
    if (!piece.well_formed || is_control(sequence)) {
      append_escaped(line, sequence);
    } else {
      line += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return line;
}

std::string json_members(const core::LogEvent& event) {
  nlohmann::ordered_json members;
  members["message"] = event.message;
  if (const auto* kind = find_kind(event.kind)) members["event"] = kind->name;
  for (const auto& field : event.fields) {
    std::string name(field.name);
    const auto lower = [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    std::transform(name.begin(), name.end(), name.begin(), lower);
    members[name] = field.value;
  }
  constexpr int kCompact = -1;
  const auto object =
      members.dump(kCompact, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace);
  return object.substr(1);
}

}  // namespace agent
