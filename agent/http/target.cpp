#include "agent/http/target.h"

#include <algorithm>

namespace agent::http {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

enum class Plus { is_plus, is_space };

std::optional<std::string> decoded(std::string_view text, Plus plus) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::is_space) {
      result += ' ';
    } else if (text[i] != '%') {
      result += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (!high || !low) return std::nullopt;
      result += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return result;
}

/// Cuts the text at the first `mark`: what stands before it is returned, what stands behind it remains.
std::string_view take_until(std::string_view& text, char mark) {
  const auto at = std::min(text.find(mark), text.size());
  const auto before = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return before;
}

bool starts_with_http(std::string_view text) {
  static constexpr std::string_view kScheme = "http://";
  return text.size() >= kScheme.size() &&
         std::equal(kScheme.begin(), kScheme.end(), text.begin(),
                    [](char wanted, char c) { return wanted == (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
}

}  // namespace

bool Target::has(std::string_view name) const {
  return std::any_of(query.begin(), query.end(), [name](const auto& each) { return each.first == name; });
}

std::vector<std::string> Target::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::optional<Target> parse_target(std::string_view text) {
  Target target;
  if (starts_with_http(text)) {
    text.remove_prefix(7);
    const auto end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    text.remove_prefix(end);
  } else if (text.empty() || text.front() != '/') {
    return std::nullopt;
  }
  auto path = decoded(take_until(text, '?'), Plus::is_plus);
  if (!path) return std::nullopt;
  target.path = path->empty() ? "/" : std::move(*path);
  while (!text.empty()) {
    auto pair = take_until(text, '&');
    if (pair.empty()) continue;
    auto name = decoded(take_until(pair, '='), Plus::is_space);
    auto value = decoded(pair, Plus::is_space);
    if (!name || !value) return std::nullopt;
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return target;
}

}  // namespace agent::http
