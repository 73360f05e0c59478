#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

/// A request target taken apart; percent escapes decoded.
struct Target {
  std::vector<std::string> path;  ///< without empty segments: "/metadata/instance/" has two
  std::vector<std::pair<std::string, std::string>> query;

  static Target parse(std::string_view text);

  /// The first value of the parameter; null when it is missing.
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
  /// IMDS refuses such a request.
  [[nodiscard]] bool names_one_twice() const;
  /// True when the path begins with these segments.
  [[nodiscard]] bool is_below(const std::vector<std::string>& folder) const;
  /// The same as ARM compares, whose ids are equal in any case.
  [[nodiscard]] bool is_below_in_any_case(const std::vector<std::string>& folder) const;
};

}  // namespace simulator
