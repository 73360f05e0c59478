#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agent::http {

/// A request target taken apart (RFC 9112, section 3.2).
struct Target {
  /// The host of an absolute-form target, which then counts instead of the Host header.
  std::optional<std::string> authority;
  std::string path;  ///< decoded; begins with '/'
  /// Decoded names and values in order; a name without '=' has an empty value.
  std::vector<std::pair<std::string, std::string>> query;

  [[nodiscard]] bool has(std::string_view name) const;
  /// The values of every parameter of that name.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;

  bool operator==(const Target&) const = default;
};

/// Nothing when the target is neither a path nor an http URL, or has a broken percent-encoding.
std::optional<Target> parse_target(std::string_view text);

}  // namespace agent::http
