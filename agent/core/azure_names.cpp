#include "agent/core/azure_names.h"

#include <algorithm>

namespace agent {
namespace {

constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool same_name(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view segment_of(std::string_view id, std::string_view key) {
  bool next = false;
  while (!id.empty()) {
    const auto slash = id.find('/');
    const auto segment = id.substr(0, slash);
    if (next) return segment;
    next = same_name(segment, key);
    if (slash == std::string_view::npos) break;
    id.remove_prefix(slash + 1);
  }
  return {};
}

std::string_view name_of(std::string_view id) { return id.substr(id.rfind('/') + 1); }

std::string shell_word(std::string_view text) {
  if (!text.empty() && text.find_first_not_of(kSafe) == std::string_view::npos) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace agent
