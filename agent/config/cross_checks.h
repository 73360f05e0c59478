#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/raw_value.h"

namespace agent {

/// A configuration while it is being put together.
struct Draft {
  Config config;
  /// By dotted key.
  std::map<std::string, Origin> origins;
  /// Of each element of the lists in effect, wherever they come from; of anything else, its own.
  std::map<std::string, std::vector<SourceLocation>> elements;
  /// Lists in effect of which an element was refused: nothing follows from what they lack.
  std::set<std::string> incomplete;
};

/// What is wrong with values that are good each by itself: overlapping CIDRs, node CIDRs outside the
/// cluster's, two servers on one port, unknown check ids.
std::vector<ConfigIssue> cross_checks(const Draft& draft, std::span<const std::string_view> known_check_ids);

}  // namespace agent
